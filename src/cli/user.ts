import { userInfo } from 'node:os'

/** Returns the name of the operating system's user, which is stored with runs of the command line; null without a name. */
export function currentUser(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}
