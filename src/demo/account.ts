import { chownSync, statSync } from 'node:fs'

/**
 * The account that a server runs under. PostgreSQL refuses to run as root, so for root it runs as an unprivileged user, who
 * must be able to reach its files (reachable.ts).
 */
export type Account = {
  /** For spawn; both are missing when the server runs as the user of this process. */
  uid?: number
  gid?: number
}

export const isRoot = process.getuid?.() === 0

/** The id of the user `nobody`; on macOS that of `daemon`, because the id of `nobody` is negative there. */
const unprivilegedId = process.platform === 'darwin' ? 1 : 65_534

/** Returns the account for a server on `directory`. PostgreSQL requires that it owns the directory. */
export function accountFor(directory: string): Account {
  if (!isRoot) return {}
  const { uid, gid } = statSync(directory)
  return uid === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : { uid, gid }
}

/** Makes an account the owner of a file or directory. */
export function giveTo({ uid, gid }: Account, path: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}
