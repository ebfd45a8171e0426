import { type Access, createAccess } from './access/access.ts'
import { createAgent } from './agent/create-agent.ts'
import type { Agent } from './agent.ts'
import { startWebhooks, type Webhooks } from './alerts/deliver.ts'
import { createTestAlerts } from './alerts/test-alert.ts'
import type { Config } from './config/environment.ts'
import { describeSettings } from './config/settings.ts'
import { migrate, requireMigrated } from './db/migrate.ts'
import { openPools } from './db/pools.ts'
import { createCompleteJob } from './db/queue.ts'
import { whenAvailable } from './db/when-available.ts'
import { listenHttp } from './http/listen.ts'
import { serveHttp } from './http/server.ts'
import { ConfigError, errorCode, errorMessage } from './lib/errors.ts'
import { createStack, type Lifetime, withLifetime } from './lib/lifetime.ts'
import type { Log } from './lib/log.ts'
import { createRedact } from './lib/redact.ts'
import { version } from './lib/version.ts'
import { type LiveReactions, startLive } from './live/live.ts'
import type { McpEndpoint } from './mcp/endpoint.ts'
import { createPreviews } from './mirror/previews.ts'
import { createCancel } from './runs/cancel.ts'
import { createTrigger } from './runs/trigger.ts'
import { type QueueClock, startJobQueue } from './workers/job-queue.ts'
import { createRunQueue } from './workers/run-queue.ts'
import { createWaitingSyncs } from './workers/waiting-syncs.ts'
import { startWorkerProcess, type WorkerProcess } from './workers/worker-process.ts'

export type Service = Lifetime & {
  /** The address where HTTP listens. */
  url: string
}

export type ServiceOptions = { config: Config; log: Log; signal?: AbortSignal; clock?: QueueClock }

/**
 * Starts the agent: opens the port, migrates the schema, builds the parts, and serves HTTP. The port comes first, because no run
 * may start while another program uses it. Waits for a Sync database that is not available yet.
 */
export async function startService({ config, log, signal, clock }: ServiceOptions): Promise<Service> {
  const { host, port, allowedHosts, role } = config
  const clientSystemIds = config.clientSystems.map(({ id }) => id)
  const listening = await listenHttp({ host, port })
  try {
    const started = await whenAvailable({ log, signal }, async () => {
      const missingIndex = await migrate(config.syncDatabase)
      if (missingIndex) log.warn(missingIndex, 'searches scan all meters: the Sync database has no index for them')
      return await startAgent({ config, log, ...(clock && { clock }) })
    })
    const { agent } = started
    await agent.access.start()
    const hosts = { host, allowedHosts }
    const http = serveHttp(listening, { agent, hosts, clientSystemIds, log, mcp: openMcp(agent, log) })
    const { url } = listening
    log.info({ url, role, clientSystems: clientSystemIds }, `meter sync agent is up: ${url}`)
    const parts = createStack()
    parts.add(started)
    parts.add(http)
    return withLifetime({ url }, parts.stop)
  } catch (error) {
    await listening.stop()
    throw error
  }
}

/** Loads the MCP library at the first request of an assistant, because it takes 25 MB and most agents need none. */
function openMcp(agent: Agent, log: Log): Pick<McpEndpoint, 'fetch' | 'stop'> {
  let opened: Promise<McpEndpoint> | undefined
  return {
    fetch: async (request, login) => {
      opened ??= import('./mcp/endpoint.ts').then(({ createMcpEndpoint }) => createMcpEndpoint(agent, log))
      return await (await opened).fetch(request, login)
    },
    stop: async () => await (await opened)?.stop(),
  }
}

/** Opens the agent for a command: without HTTP, runs and the schedule. Neither waits for the database nor migrates it. */
export async function openAgent({ config, log }: { config: Config; log: Log }): Promise<StartedAgent> {
  await requireMigrated(config.syncDatabase).catch((error) => {
    throw asConfiguration(error)
  })
  return await startAgent({ config: { ...config, role: 'api' }, log })
}

export type StartedAgent = Lifetime & { agent: Agent }

/** Builds every part, beginning with the pools, each with its slice of the configuration. A stop takes at most 10 s. */
async function startAgent({ config, log, clock }: Omit<ServiceOptions, 'signal'>): Promise<StartedAgent> {
  const { syncDatabase, clientSystems, demonstration, historyDays, readingsDays, authToken, webhook } = config
  const takesJobs = config.role !== 'api'
  const redact = createRedact(config.secrets)
  const parts = createStack()
  try {
    const pools = parts.add(openPools(syncDatabase, log))
    const pool = pools.short
    const queue = await startJobQueue({ syncDatabase, takesJobs, log, ...(clock && { clock }) })
    const { boss } = queue
    // A stack stops the last part first: the worker before the queue, which waits for jobs. Both stacks stop at once.
    const jobParts = createStack()
    const requestParts = createStack()
    jobParts.add(queue)
    parts.add({ stop: async () => void (await Promise.all([jobParts.stop(), requestParts.stop()])) })

    const completeJob = createCompleteJob(boss)
    const trigger = createTrigger({ pool, boss, createQueue: (id) => createRunQueue(boss, id), log })
    const slice = { syncDatabase, clientSystems, historyDays, readingsDays }
    const worker = takesJobs
      ? jobParts.add(await startWorkerProcess({ ...slice, pools, boss, trigger, completeJob, redact, clock, log }))
      : null
    const alerts =
      takesJobs && webhook ? jobParts.add(await startWebhooks({ webhook, clientSystems, pool, boss, log })) : null
    const access = requestParts.add(createAccess({ pool, authToken, log }))
    const reactions = connectParts({ worker, alerts, access, log })
    const live = requestParts.add(
      startLive({ syncDatabase, clientSystems, demonstration, version, pool, ...reactions, log }),
    )
    const agent = createAgent({
      clientSystems,
      settings: describeSettings(config, version),
      pools,
      access,
      live,
      previews: requestParts.add(createPreviews({ syncDatabase, pool, redact, log })),
      trigger,
      cancel: createCancel({ pool, completeJob, log }),
      waitingSyncs: requestParts.add(createWaitingSyncs({ pool, trigger, log })),
      testAlerts: createTestAlerts({ webhook, status: live.status, log }),
      registers: config.readingRegisters,
      isQueueReady: queue.ready,
    })
    return withLifetime({ agent }, parts.stop)
  } catch (error) {
    await parts.stop()
    throw asConfiguration(error)
  }
}

type ConnectedParts = { worker: WorkerProcess | null; alerts: Webhooks | null; access: Access; log: Log }

/** Returns what the worker, the alerts and the cache of tokens do at notifications. */
function connectParts({ worker, alerts, access, log }: ConnectedParts): LiveReactions {
  const refreshAccess = () => void access.refresh().catch((err) => log.debug({ err }, 'tokens were not read'))
  return {
    workingFor: () => worker?.clientSystemIds() ?? [],
    onAccess: refreshAccess,
    onConnected: () => {
      refreshAccess()
      alerts?.check()
    },
    onRunEnded: (runId) => {
      worker?.stopIfEnded(runId)
      alerts?.check()
    },
  }
}

/** Turns a missing right into an error of the configuration. */
function asConfiguration(error: unknown): unknown {
  if (errorCode(error) !== '42501') return error
  return new ConfigError([
    `DATABASE_URL: its role may not work with the schema: ${errorMessage(error)}; run docs/deploy/grants.sql as the owner`,
  ])
}
