import { errorCode } from '../lib/errors.ts'

/** Returns true when a process of this id exists, also one of another user. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
