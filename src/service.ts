import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { type Agent, createAgent } from './agent.ts'
import type { Config } from './config/environment.ts'
import { migrate, requireMigrated } from './db/migrate.ts'
import { openPool } from './db/pool.ts'
import { listenHttp } from './http/listen.ts'
import { serveHttp } from './http/server.ts'
import { AgentError, ConfigError, errorCode, errorMessage, isBusy, isConnectionLoss } from './lib/errors.ts'
import type { Log } from './lib/log.ts'
import type { McpEndpoint } from './mcp/server.ts'
import { type JobsOptions, startJobs } from './workers/jobs.ts'

export type Service = {
  /** Where HTTP listens. */
  url: string
  /** Stops everything in reverse order, within 10 s. Can be called twice. */
  stop: () => Promise<void>
}

export type ServiceOptions = { config: Config; log: Log; signal?: AbortSignal } & Pick<JobsOptions, 'clock'>

/**
 * Starts the agent: port, schema, jobs, state, HTTP, in this order. The port comes first: one that is taken starts no run.
 * Waits for a Sync database that is not up, or not able, yet.
 */
export async function startService({ config, log, signal, clock }: ServiceOptions): Promise<Service> {
  const listening = await listenHttp(config)
  try {
    const { agent, stop: stopAgent } = await whenUp({ log, signal }, async () => {
      await migrate(config.syncDatabase)
      return await startAgent({ config, log, ...(clock && { clock }) })
    })
    await agent.access.start()
    const http = serveHttp(listening, { agent, config, log, mcp: openMcp(agent, log) })
    log.info(
      { url: listening.url, role: config.role, clientSystems: config.clientSystems.map(({ id }) => id) },
      `meter sync agent is up: ${listening.url}`,
    )
    let stopped: Promise<void> | undefined
    const stop = () => {
      stopped ??= http.stop().then(stopAgent)
      return stopped
    }
    return { url: listening.url, stop }
  } catch (error) {
    await listening.stop()
    throw error
  }
}

/** Loaded when the first assistant asks: most agents have none, and it takes 25 MB. */
function openMcp(agent: Agent, log: Log): McpEndpoint {
  let opened: Promise<McpEndpoint> | undefined
  return {
    fetch: async (request, login) => {
      opened ??= import('./mcp/server.ts').then(({ createMcpEndpoint }) => createMcpEndpoint(agent, log))
      return await (await opened).fetch(request, login)
    },
    stop: async (graceMs) => await (await opened)?.stop(graceMs),
  }
}

/** The agent alone, without HTTP, for a command: it neither works on runs nor keeps the schedule. Neither waits for its database nor migrates it. */
export async function openAgent({ config, log }: { config: Config; log: Log }): Promise<StartedAgent> {
  await requireMigrated(config.syncDatabase).catch((error) => {
    throw asConfiguration(error)
  })
  return await startAgent({ config: { ...config, role: 'api' }, log })
}

export type StartedAgent = {
  agent: Agent
  /** Stops everything in reverse order, within 10 s. Can be called twice. */
  stop: () => Promise<void>
}

async function startAgent({ config, log, clock }: Omit<ServiceOptions, 'signal'>): Promise<StartedAgent> {
  const started: (() => Promise<void>)[] = []
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= (async () => {
      for (const end of started.reverse()) await end()
    })()
    return stopped
  }
  try {
    // Apart, so that people who search do not keep a run from its next phase.
    const pool = openPool(config.syncDatabase, { application: 'meter-sync-agent', max: 8, log, answerTimeoutMs: 4_000 })
    started.push(() => endPool(pool))
    const lists = openPool(config.syncDatabase, { application: 'meter-sync-agent lists', max: 6, log, monitor: pool })
    // Apart again: people who search must not keep a collector waiting.
    const readings = openPool(config.syncDatabase, {
      application: 'meter-sync-agent readings',
      max: 3,
      log,
      monitor: pool,
    })
    started.push(async () => void (await Promise.all([endPool(lists), endPool(readings)])))
    const jobs = await startJobs({ config, pool, lists, log, ...(clock && { clock }) })
    const agent = createAgent({ config, pool, lists, readings, jobs, log })
    started.push(async () => void (await Promise.all([agent.stop(), jobs.stop()])))
    return { agent, stop }
  } catch (error) {
    await stop()
    throw asConfiguration(error)
  }
}

/** A right that is missing is a fault of the configuration, whoever finds it. */
function asConfiguration(error: unknown): unknown {
  if (errorCode(error) !== '42501') return error
  return new ConfigError([
    `DATABASE_URL: its role may not work with the schema: ${errorMessage(error)}; run docs/deploy/grants.sql as the owner`,
  ])
}

/** Begins anew while the Sync database is away or busy. Throws what keeps it from that once `signal` asks to stop. */
async function whenUp<T>(
  { log, signal }: { log: Log; signal: AbortSignal | undefined },
  begin: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await begin()
    } catch (err) {
      if (!isAway(err) || signal?.aborted) throw err
      if (attempt % 15 === 0)
        log.warn(
          { err, ...(err instanceof AgentError && { hint: err.hint }) },
          'waiting for the Sync database; check DATABASE_URL and the server if this stays',
        )
      await setTimeout(2_000, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** A connection that is lent and waits for a silent server is left to the end of the process. */
async function endPool(pool: pg.Pool): Promise<void> {
  await Promise.race([pool.end(), setTimeout(500, undefined, { ref: false })])
}

/** It may answer in a while; anything else stays wrong until somebody mends it. */
function isAway(error: unknown): boolean {
  return (
    (error instanceof AgentError && error.code === 'database_unavailable') || isConnectionLoss(error) || isBusy(error)
  )
}
