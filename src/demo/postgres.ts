import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { errorMessage } from '../lib/errors.ts'
import { type Cluster, isAlive, openCluster, PostgresUnavailable } from './cluster.ts'

export { PostgresUnavailable, reachableDirectory } from './cluster.ts'

/** A PostgreSQL server of its own, listening on loopback. */
export type Postgres = {
  port: number
  /** The connection URL of one of its databases, as its superuser. */
  url: (database: string) => string
  /** Resolves with the log's last lines when the server ends without having been asked to. */
  died: Promise<string>
  /** Ends the server and waits for it. */
  stop: (mode?: StopMode) => Promise<void>
}

/** `fast` cuts its clients off; `smart` lets those that are leaving go first; `immediate` is a crash, after which it recovers. */
type StopMode = 'smart' | 'fast' | 'immediate'

export type PostgresOptions = {
  /** Holds the cluster; created when missing. */
  directory: string
  version?: 18 | 15
  /** 0 picks a free one. */
  port?: number
  settings?: Record<string, string>
}

/** Milliseconds that a server may take to end in order before it is made to crash (it recovers at the next start). */
const patience = 5_000

/** Starts a server on `directory`, creating its cluster first. Throws PostgresUnavailable. */
export async function startPostgres({
  directory,
  version = 18,
  port = 0,
  settings = {},
}: PostgresOptions): Promise<Postgres> {
  const cluster = await openCluster(directory, version)
  for (const giveUp = Date.now() + 2 * patience; ; await pause(100)) {
    const chosen = port || (await freePort())
    const server = launch(cluster, { port: String(chosen), ...settings })
    try {
      await server.ready
    } catch (error) {
      const holder = lockHolder(cluster.data)
      if (!holder) throw error
      // The server of a process that was killed a moment ago is still ending.
      if (holder.stopping && Date.now() < giveUp) continue
      throw new PostgresUnavailable(
        `A server already runs on ${cluster.data} (process ${holder.pid}); use that one or stop it first; if it is no PostgreSQL, remove ${join(cluster.data, 'postmaster.pid')}`,
        { cause: error },
      )
    }
    return {
      port: chosen,
      url: (database) => `postgres://postgres:${cluster.password}@127.0.0.1:${chosen}/${database}`,
      died: server.died,
      stop: server.stop,
    }
  }
}

/** The living process that holds a cluster, by the lock file that PostgreSQL keeps there: pid first, status last. */
function lockHolder(data: string): { pid: number; stopping: boolean } | null {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number(lines[0])
    return isAlive(pid) ? { pid, stopping: lines[7]?.trim() === 'stopping' } : null
  } catch {
    return null
  }
}

function launch({ binaries, data, identity }: Cluster, settings: Record<string, string>) {
  const flags = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings })
  const server = spawn(
    join(binaries, 'postgres'),
    ['-D', data, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...identity,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      // Its own process group: Ctrl-C is for the agent, which then stops its server in order.
      detached: true,
    },
  )
  const lines: string[] = []
  let stopping = false
  const exited = new Promise<void>((done) => {
    server.once('exit', () => done())
    server.once('error', (error) => {
      lines.push(errorMessage(error))
      done()
    })
  })
  // Its last words come after its exit; a child of it may hold the pipe open, so that they are not waited for for ever.
  const silent = Promise.race([
    new Promise((done) => server.once('close', done)),
    exited.then(() => pause(500, undefined, { ref: false })),
  ])
  const ready = new Promise<void>((started, failed) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line !== ''))
      lines.splice(0, Math.max(0, lines.length - 50))
      if (text.includes('database system is ready to accept connections')) started()
    })
    silent.then(() => {
      const said = lines.find((line) => line.includes('FATAL')) ?? lines.at(-1) ?? 'no message'
      failed(new PostgresUnavailable(`PostgreSQL did not start on ${data}: ${said}`))
    })
  })
  const keeper = keep(server)
  exited.then(() => keeper.kill('SIGKILL'))
  const died = silent.then(async () => {
    if (stopping) await new Promise(() => undefined)
    return lines.join('\n')
  })
  const stop = async (mode: StopMode = 'fast') => {
    stopping = true
    const start = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const
    server.kill(start[mode])
    const timers = [setTimeout(() => server.kill('SIGQUIT'), patience)]
    if (mode === 'smart') timers.push(setTimeout(() => server.kill('SIGINT'), 500))
    await exited
    timers.forEach(clearTimeout)
  }
  return { ready, died, stop }
}

/** Ends the server when this process ends in whatever way, SIGKILL included: then the pipe that it reads is closed. */
function keep(server: ChildProcess): ChildProcess {
  const keeper = spawn('/bin/sh', ['-c', `read -r _; kill -INT ${server.pid}`], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  keeper.unref()
  return keeper
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address ? address.port : 0
}
