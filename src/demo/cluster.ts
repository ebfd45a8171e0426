import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { errorCode, errorMessage } from '../lib/errors.ts'
import { type Account, accountFor, giveTo } from './account.ts'
import { findBinaries } from './binaries.ts'
import { PostgresUnavailable } from './postgres-error.ts'
import { createReachable } from './reachable.ts'
import { stagingPath } from './staging.ts'

/** What a server is started from. */
export type Cluster = {
  /** The data directory. */
  data: string
  /** The directory of the programs. */
  binaries: string
  /** The account that the server runs under. */
  account: Account
  /** The password of the superuser. */
  password: string
}

/**
 * Opens the cluster in `directory`, and creates it when it does not exist. Throws PostgresUnavailable.
 *
 * 1. Prepare the data directory, and determine the account that owns it.
 * 2. Find programs that this account can execute.
 * 3. Unless the directory has a cluster: run initdb in a staging directory and rename the result. An existing cluster is
 *    never overwritten, and an incomplete one is never used.
 * 4. Check the version of the cluster.
 */
export async function openCluster(directory: string, version: 18 | 15): Promise<Cluster> {
  const data = resolve(directory)
  const account = prepareDirectory(data)
  const binaries = findBinaries(version, dirname(data))
  if (!existsSync(passwordFileOf(data))) await createCluster({ data, binaries, account })
  const password = readFileSync(passwordFileOf(data), 'utf8').trim()
  requireVersion(data, version)
  return { data, binaries, account, password }
}

/** The file with the password of the superuser. It is the last file that is created, so its cluster is complete. */
function passwordFileOf(data: string): string {
  return join(data, 'superuser.password')
}

/** Creates the data directory, gives it to the account of the server, and checks that files can be written to it. */
function prepareDirectory(data: string): Account {
  try {
    createReachable(dirname(data))
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const account = accountFor(data)
    giveTo(account, data)
    chmodSync(data, 0o700)
    writeFileSync(join(data, '.writable'), '')
    rmSync(join(data, '.writable'))
    return account
  } catch (cause) {
    throw new PostgresUnavailable(
      `The data directory ${data} cannot be written (${errorCode(cause) ?? errorMessage(cause)}); make it writable for this user or remove it`,
      { cause },
    )
  }
}

type NewCluster = Omit<Cluster, 'password'>

async function createCluster({ data, binaries, account }: NewCluster): Promise<void> {
  const staging = stagingPath(data)
  const cluster = join(staging, 'cluster')
  const passwordFile = join(staging, 'password')
  try {
    for (const directory of [staging, cluster]) {
      mkdirSync(directory, { mode: 0o700 })
      giveTo(account, directory)
    }
    writeFileSync(passwordFile, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 })
    giveTo(account, passwordFile)
    await runInitdb({ data, binaries, account }, cluster, passwordFile)
    renameSync(passwordFile, join(cluster, basename(passwordFileOf(data))))
    renameSync(cluster, data)
  } catch (cause) {
    if (cause instanceof PostgresUnavailable) throw cause
    const isOccupied = errorCode(cause) === 'ENOTEMPTY' || errorCode(cause) === 'EEXIST'
    // Another process has created the cluster meanwhile; it is used.
    if (isOccupied && existsSync(passwordFileOf(data))) return
    const reason = isOccupied ? 'the directory has other files; move them away' : errorMessage(cause)
    throw new PostgresUnavailable(`PostgreSQL cannot create its files in ${data}: ${reason}`, { cause })
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** Runs initdb in the directory `cluster`. Errors name the data directory that the cluster is meant for. */
async function runInitdb({ data, binaries, account }: NewCluster, cluster: string, passwordFile: string) {
  const options = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C']
  try {
    await promisify(execFile)(
      join(binaries, 'initdb'),
      ['-D', cluster, `--pwfile=${passwordFile}`, ...options],
      // A working directory that every account can enter.
      { ...account, cwd: '/' },
    )
  } catch (cause) {
    const message = initdbMessage(cause)
    if (!isNotExecutable(cause)) {
      throw new PostgresUnavailable(`PostgreSQL cannot create its files in ${data}: ${message}`, { cause })
    }
    // Remove a copy of the programs, so that the next start copies them again from a repaired package.
    if (binaries.startsWith(dirname(data) + sep)) rmSync(dirname(binaries), { recursive: true, force: true })
    throw new PostgresUnavailable(
      `The installed PostgreSQL cannot be executed (${message}); try npm rebuild, or set DATABASE_URL and CLIENT_SYSTEM_URL to your own databases`,
      { cause },
    )
  }
}

/** Returns the line of initdb's output that has the error, or its last line. */
function initdbMessage(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /error|FATAL/.test(line)) ?? lines.at(-1) ?? errorMessage(error)
}

/** Returns true when the program could not be started: a system error, or an exit status of a missing library or format. */
function isNotExecutable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' || code === 126 || code === 127
}

function requireVersion(data: string, version: number): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  if (found === String(version)) return
  throw new PostgresUnavailable(
    `${data} was created by PostgreSQL ${found}, and this is PostgreSQL ${version}; move the directory away to start anew`,
  )
}
