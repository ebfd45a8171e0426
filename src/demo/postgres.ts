import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { errorMessage } from '../lib/errors.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { PostgresUnavailable } from './postgres-error.ts'
import { processExists } from './process-exists.ts'

/** A PostgreSQL server that this process started. It listens on loopback. */
export type Postgres = {
  port: number
  /** Returns the connection URL of a database for the superuser. */
  url: (database: string) => string
  /** Resolves with the last lines of the log when the server ends without a stop. */
  died: Promise<string>
  /** Stops the server and waits for its end. */
  stop: (mode?: StopMode) => Promise<void>
}

/**
 * The shutdown modes of PostgreSQL. `fast` disconnects clients; `smart` waits half a second for them first; `immediate` is
 * a crash, after which the server recovers.
 */
type StopMode = 'smart' | 'fast' | 'immediate'

export type PostgresOptions = {
  /** The data directory; created when missing. */
  directory: string
  version?: 18 | 15
  /** 0 chooses a free port. */
  port?: number
  settings?: Record<string, string>
}

/** The maximum time of an orderly shutdown. Then the server is ended like in a crash, and recovers at the next start. */
const stopTimeoutMs = 5_000

/** Starts a server on a directory, and creates its cluster when it is missing. Throws PostgresUnavailable. */
export async function startPostgres({
  directory,
  version = 18,
  port = 0,
  settings = {},
}: PostgresOptions): Promise<Postgres> {
  const cluster = await openCluster(directory, version)
  for (const deadline = Date.now() + 2 * stopTimeoutMs; ; await pause(100)) {
    const chosen = port || (await findFreePort())
    const server = launch(cluster, { port: String(chosen), ...settings })
    try {
      await server.ready
    } catch (error) {
      const holder = lockHolder(cluster.data)
      if (!holder) throw error
      // The process that started that server was killed a moment ago, and the server is stopping.
      if (holder.stopping && Date.now() < deadline) continue
      throw new PostgresUnavailable(
        `A server already runs on ${cluster.data} (process ${holder.pid}); use that one or stop it first; if that process is not PostgreSQL, remove ${join(cluster.data, 'postmaster.pid')}`,
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

/** Returns the running process that has locked a cluster. In PostgreSQL's lock file line 1 is its pid and line 8 its state. */
function lockHolder(data: string): { pid: number; stopping: boolean } | null {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number(lines[0])
    return processExists(pid) ? { pid, stopping: lines[7]?.trim() === 'stopping' } : null
  } catch {
    return null
  }
}

/** The process of a server. `ready` resolves when it accepts connections, and rejects when it ends before. */
type Launched = Pick<Postgres, 'died' | 'stop'> & { ready: Promise<void> }

/** Starts the process of a server, without waiting until it is ready. */
function launch({ binaries, data, account }: Cluster, settings: Record<string, string>): Launched {
  const flags = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings })
  const server = spawn(
    join(binaries, 'postgres'),
    ['-D', data, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      // A separate process group, so that Ctrl-C reaches only the agent, which then stops the server.
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
  // The last lines arrive after the exit. The wait for them is limited, because a child process can keep the pipe open.
  const logged = Promise.race([
    new Promise((done) => server.once('close', done)),
    exited.then(() => pause(500, undefined, { ref: false })),
  ])
  const ready = new Promise<void>((started, failed) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line !== ''))
      lines.splice(0, Math.max(0, lines.length - 50))
      if (text.includes('database system is ready to accept connections')) started()
    })
    logged.then(() => {
      const reason = lines.find((line) => line.includes('FATAL')) ?? lines.at(-1) ?? 'no message'
      failed(new PostgresUnavailable(`PostgreSQL did not start on ${data}: ${reason}`))
    })
  })
  const guard = stopWithThisProcess(server)
  exited.then(() => guard.kill('SIGKILL'))
  const died = logged.then(async () => {
    if (stopping) await new Promise(() => undefined)
    return lines.join('\n')
  })
  const stop = async (mode: StopMode = 'fast') => {
    stopping = true
    const signals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const
    server.kill(signals[mode])
    const timers = [setTimeout(() => server.kill('SIGQUIT'), stopTimeoutMs)]
    if (mode === 'smart') timers.push(setTimeout(() => server.kill('SIGINT'), 500))
    await exited
    timers.forEach(clearTimeout)
  }
  return { ready, died, stop }
}

/**
 * Starts a process that stops the server when this process ends, even by SIGKILL. It reads from a pipe, which the operating
 * system closes with this process.
 */
function stopWithThisProcess(server: ChildProcess): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', `read -r _; kill -INT ${server.pid}`], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  return guard
}

/** Returns a port of loopback that no program uses. */
async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address ? address.port : 0
}
