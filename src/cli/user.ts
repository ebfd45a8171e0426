import { userInfo } from 'node:os'

/** The operating system's user, who is kept with the runs that a command starts. Null for a user id without a name. */
export function currentUser(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}
