import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isRoot } from './account.ts'
import { PostgresUnavailable } from './postgres-error.ts'

/**
 * Directories that the server's account can reach. A project is often in a directory that only root may enter, and the
 * server of root runs as another user.
 */

/**
 * Returns the directory for the files of a server: `preferred`, or for root a directory in /var/tmp when other users cannot
 * reach `preferred`, as in a home directory with mode 0700. The result is the same at every start. Throws
 * PostgresUnavailable when another user owns that directory.
 */
export function reachableDirectory(preferred: string): string {
  const wanted = resolve(preferred)
  if (!isRoot || isReachable(wanted)) return wanted
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const directory = join('/var/tmp', `meter-sync-agent-${name}`)
  // Every user can create files in /var/tmp. Root must not change the owner of files in a directory of another user.
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (found && !(found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0)) {
    throw new PostgresUnavailable(
      `${directory} belongs to another user; remove it, or move the project to a directory that every user can read`,
    )
  }
  return directory
}

/** Returns true when every user can enter `path` and every directory above it, as far as they exist. */
export function isReachable(path: string): boolean {
  for (let directory = path; ; directory = dirname(directory)) {
    const found = statSync(directory, { throwIfNoEntry: false })
    if (found?.isDirectory() && (found.mode & 0o001) === 0) return false
    if (directory === dirname(directory)) return true
  }
}

/** Creates a directory, and those above it, that every user can enter, whatever the umask is. */
export function createReachable(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: 0o755 })
  if (!first || !isRoot) return
  for (let created = directory; created.length >= first.length; created = dirname(created)) chmodSync(created, 0o755)
}
