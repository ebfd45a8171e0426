import { join } from 'node:path'
import pg from 'pg'
import { sqlBeside } from '../db/sql-file.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { waitAtMost } from '../lib/timeout.ts'
import { createCollector } from './collector.ts'
import { fillClientSystem, prepareDatabases } from './databases.ts'
import { startPostgres } from './postgres.ts'
import { reachableDirectory } from './reachable.ts'
import { startRepeating, untilNext } from './repeat.ts'
import { simulateChanges } from './simulation.ts'

/** A Client System and a Sync database to try the agent with. Its stop takes a few seconds. */
export type Demonstration = Lifetime & {
  /** The variables that configure the agent for both databases. */
  environment: Record<string, string>
  /** Resolves with the last lines of its log when the PostgreSQL server ends without a stop. */
  died: Promise<string>
}

export type DemonstrationOptions = {
  /** The directory of the data, created when missing. Root uses another one when other users cannot reach it. */
  directory: string
  log: Log
  /** The time between two changes of the Client System. Default: a minute. */
  everyMs?: number
}

/** The SELECT that returns the meters of the demonstration's Client System. */
export const metersQuery = sqlBeside(import.meta.url, 'meters-query.sql').trim()

/**
 * Starts a PostgreSQL server with both databases and simulates a utility: every minute a few of its 500 meters are added,
 * changed and removed, and readings are stored. Data from an earlier start is kept. Throws PostgresUnavailable.
 */
export async function startDemonstration({
  directory,
  log,
  everyMs = 60_000,
}: DemonstrationOptions): Promise<Demonstration> {
  const dataDirectory = reachableDirectory(directory)
  const postgres = await startPostgres({ directory: join(dataDirectory, 'postgresql'), settings })
  try {
    const databases = await prepareDatabases(postgres, dataDirectory)
    const clientSystem = openPool(databases.clientSystem, log)
    await fillClientSystem(clientSystem)
    const syncDatabase = openPool(databases.syncDatabase, log)
    log.warn(
      { directory: dataDirectory },
      `this is a demonstration: it has 500 invented meters, because neither DATABASE_URL nor CLIENT_SYSTEM_URL is set; set both to use your own databases, and NODE_ENV=production to disable the demonstration. Its data is in ${dataDirectory}`,
    )
    const environment = {
      // The simulation removes more meters in a day than it has.
      DELETE_GUARD_PERCENT: '100',
      DELETE_GUARD_MAXIMUM: '999999999',
      DATABASE_URL: databases.syncDatabase,
      CLIENT_SYSTEM_URL: databases.meterReader,
      CLIENT_SYSTEM_NAME: 'Demonstration Client System',
      CLIENT_SYSTEM_QUERY: metersQuery,
      SYNC_CRON: '* * * * *',
      READING_INTERVAL_MINUTES: '15',
    }
    const simulation = startSimulation({ clientSystem, syncDatabase, everyMs, log })
    return withLifetime({ environment, died: postgres.died }, async () => {
      const ended = simulation.stop()
      // Work that does not end is ended by the stop of the server.
      await waitAtMost(2_000, ended)
      await postgres.stop('smart')
      await ended
    })
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** Small values, because the server runs on the machine of the person who tries the agent. */
const settings = { shared_buffers: '64MB', max_wal_size: '256MB' }

type SimulationOptions = { clientSystem: pg.Pool; syncDatabase: pg.Pool; everyMs: number; log: Log }

/**
 * Starts the changes and the collection of readings. Both run between two syncs, which begin at the full minute. A stop
 * closes their pools too.
 */
function startSimulation({ clientSystem, syncDatabase, everyMs, log }: SimulationOptions): Lifetime {
  const untilChanges = () => untilNext(everyMs, (everyMs * 2) / 3)
  const untilCollection = () => untilNext(everyMs, everyMs / 3)
  const collector = createCollector(syncDatabase)
  const repeated = [
    startRepeating({
      name: 'changing meters',
      firstAfterMs: untilChanges(),
      retryMs: everyMs,
      log,
      work: async () => {
        log.debug(await simulateChanges(clientSystem), 'demonstration: meters of the Client System changed')
        return untilChanges()
      },
    }),
    startRepeating({
      name: 'collecting readings',
      firstAfterMs: 1_000,
      retryMs: everyMs,
      log,
      work: async () => ((await collector.collect()) ? untilCollection() : 1_000),
    }),
  ]
  return withLifetime({}, async () => {
    await Promise.all(repeated.map((work) => work.stop()))
    await Promise.all([clientSystem.end(), syncDatabase.end()])
  })
}

/** Opens a pool of one connection for short statements. A lost connection is replaced. */
function openPool(url: string, log: Log): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'demonstration',
    max: 1,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    statement_timeout: 30_000,
    lock_timeout: 5_000,
    allowExitOnIdle: true,
  })
  pool.on('error', (err) => log.debug({ err }, 'demonstration: a connection was lost'))
  return pool
}
