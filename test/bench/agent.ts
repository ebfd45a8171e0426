import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Run } from '../../src/wire/types.ts'
import { openStream } from '../support/stream.ts'
import type { Databases } from './servers.ts'

export const project = fileURLToPath(new URL('../..', import.meta.url))

/** The agent as it runs in production: a process of its own, driven over HTTP. */
export type AgentProcess = AsyncDisposable & {
  url: string
  pid: number
  /** Asks for a run; returns its id. */
  trigger: (request?: { full: boolean }) => Promise<string>
  /** Waits until no run is active, and returns the last one. */
  settled: () => Promise<Run>
  /** Runs one sync. `wallMilliseconds` is from the POST to its end on the event stream. Throws when it fails. */
  sync: (request?: { full: boolean }) => Promise<{ run: Run; wallMilliseconds: number }>
  /** The peak memory of the process, in bytes; null where /proc is missing. */
  peakMemory: () => number | null
  /** The memory that it has now. */
  memory: () => number | null
  /** Milliseconds from the start of the process to the end of its first run, once that has ended. */
  firstSuccess: () => Promise<number>
}

export type AgentOptions = {
  role?: 'all' | 'api' | 'worker'
  /** The source tree that is started. */
  tree?: string
}

export async function startAgent(
  databases: Pick<Databases, 'clientSystemUrl' | 'syncUrl'>,
  { role = 'all', tree = project }: AgentOptions = {},
): Promise<AgentProcess> {
  const spawned = performance.now()
  // As `npm start` does. An older tree has no bundle.
  const program = existsSync(join(tree, 'dist/main.cjs')) ? 'dist/main.cjs' : 'src/main.ts'
  const child = spawn(process.execPath, [program], {
    cwd: tree,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: databases.syncUrl,
      CLIENT_SYSTEM_URL: databases.clientSystemUrl,
      ROLE: role,
      PORT: '0',
      // On the first of January: never while the bench runs, but then.
      SYNC_CRON: '0 0 1 1 *',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const leaveNone = () => void child.kill('SIGKILL')
  process.on('exit', leaveNone)
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 12_000)
    await exited
    clearTimeout(timer)
    process.off('exit', leaveNone)
  }
  const url = await new Promise<string>((up, failed) => {
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry: { level: string; msg: string; url?: string; error?: string } = JSON.parse(line)
      if (entry.url !== undefined) up(entry.url)
      if (['error', 'fatal'].includes(entry.level)) process.stderr.write(`${entry.msg}: ${entry.error ?? line}\n`)
    })
    exited.then(() => failed(new Error(`The agent did not start: ${stderr}`)))
  })

  const trigger = async (request = { full: false }) => {
    const response = await fetch(`${url}/api/sync`, { method: 'POST', body: JSON.stringify(request) })
    if (response.status !== 202) throw new Error(`POST /api/sync answered ${response.status}`)
    const { run }: { run: Run } = JSON.parse(await response.text())
    return run.id
  }
  const settled = async () => {
    await using stream = await openStream(`${url}/api/events`)
    for await (const event of stream) {
      if (event.type !== 'status') continue
      const clientSystem = event.data.clientSystems[0]
      if (clientSystem?.lastRun && !clientSystem.activeRun) return clientSystem.lastRun
    }
    throw new Error('The event stream of the agent ended')
  }
  const statusValue = (name: string) => {
    try {
      const file = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(file)?.[1]
      return kilobytes === undefined ? null : Number(kilobytes) * 1_024
    } catch {
      return null
    }
  }
  return {
    url,
    pid: child.pid ?? 0,
    trigger,
    settled,
    firstSuccess: async () => {
      const { status, error } = await settled()
      if (status !== 'succeeded') throw new Error(`The first run failed: ${JSON.stringify(error)}`)
      return performance.now() - spawned
    },
    sync: async (request) => {
      await using stream = await openStream(`${url}/api/events`)
      await stream.until((event) => event.type === 'status')
      const started = performance.now()
      const id = await trigger(request)
      for await (const event of stream) {
        if (event.type !== 'run' || event.data.id !== id || event.data.finishedAt === null) continue
        const wallMilliseconds = Math.round(performance.now() - started)
        if (event.data.status !== 'succeeded') throw new Error(`A run failed: ${JSON.stringify(event.data.error)}`)
        return { run: event.data, wallMilliseconds }
      }
      throw new Error('The event stream of the agent ended')
    },
    peakMemory: () => statusValue('VmHWM'),
    memory: () => statusValue('VmRSS'),
    [Symbol.asyncDispose]: stop,
  }
}
