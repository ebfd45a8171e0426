import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '../lib/errors.ts'

/**
 * Returns a path beside `target` under which this process prepares it. The caller renames the result to `target` when it is
 * complete, so that an interrupted preparation is never used. What processes that have ended left there is removed.
 */
export function stagingPath(target: string): string {
  const prefix = `${basename(target)}.unfinished-`
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue
    const pid = Number(name.slice(prefix.length))
    if (pid === process.pid || !isAlive(pid)) rmSync(join(dirname(target), name), { recursive: true, force: true })
  }
  return join(dirname(target), `${prefix}${process.pid}`)
}

/** Returns true when a process of this id exists, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
