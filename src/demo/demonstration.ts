import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { sqlBeside } from '../db/connect.ts'
import type { Log } from '../lib/log.ts'
import { createCollector } from './collector.ts'
import { fillClientSystem, prepareDatabases } from './databases.ts'
import { live } from './life.ts'
import { type Postgres, reachableDirectory, startPostgres } from './postgres.ts'
import { startRhythm, untilNext } from './rhythm.ts'

/** A Client System and a Sync database to try the agent with. */
export type Demonstration = {
  /** The variables that name both databases, to be merged into the environment before it is parsed. */
  environment: Record<string, string>
  /** Resolves with the last lines of its log when the PostgreSQL server ended without having been asked to. */
  died: Promise<string>
  /** Ends everything in a few seconds; callable twice. */
  stop: () => Promise<void>
}

export type DemonstrationOptions = {
  /** Where the data goes and stays; created when missing. Root uses another place when others cannot reach this one. */
  directory: string
  log: Log
  /** Milliseconds between two moments of the life of the Client System. */
  every?: number
}

/** The SELECT that yields the meters of the demonstration's Client System. */
export const metersQuery = sqlBeside(import.meta.url, 'meters.sql').trim()

/**
 * Starts a PostgreSQL server with both databases, and lets the Client System live: each minute a few of its 500 meters
 * come, change and go, and readings are stored. What an earlier start left in the directory is kept.
 * Throws PostgresUnavailable with one line for the person at the terminal.
 */
export async function startDemonstration({
  directory,
  log,
  every = 60_000,
}: DemonstrationOptions): Promise<Demonstration> {
  const place = reachableDirectory(directory)
  const postgres = await startPostgres({ directory: join(place, 'postgresql'), settings })
  try {
    const databases = await prepareDatabases(postgres, place)
    const clientSystem = openPool(databases.clientSystem, log)
    await fillClientSystem(clientSystem)
    const syncDatabase = openPool(databases.syncDatabase, log)
    log.warn(
      { directory: place },
      `this is a demonstration with 500 invented meters, because neither DATABASE_URL nor CLIENT_SYSTEM_URL is set; set both for your own, and NODE_ENV=production to never start it. Its data is in ${place}`,
    )
    return {
      environment: {
        // In a day it takes away more meters than it has.
        DELETE_GUARD_PERCENT: '100',
        DELETE_GUARD_MAXIMUM: '999999999',
        DATABASE_URL: databases.syncDatabase,
        CLIENT_SYSTEM_URL: databases.meterReader,
        CLIENT_SYSTEM_NAME: 'Demonstration Client System',
        CLIENT_SYSTEM_QUERY: metersQuery,
        SYNC_CRON: '* * * * *',
      },
      died: postgres.died,
      stop: bringToLife({ postgres, clientSystem, syncDatabase, every, log }),
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** Small, for it shares the machine of the person who tries the agent. */
const settings = { shared_buffers: '64MB', max_wal_size: '256MB' }

type Living = { postgres: Postgres; clientSystem: pg.Pool; syncDatabase: pg.Pool; every: number; log: Log }

/** Starts what happens every minute, between two syncs: they begin with the minute. Returns what ends it and the server. */
function bringToLife({ postgres, clientSystem, syncDatabase, every, log }: Living): () => Promise<void> {
  const untilLife = () => untilNext(every, (every * 2) / 3)
  const untilCollection = () => untilNext(every, every / 3)
  const collector = createCollector(syncDatabase)
  const rhythms = [
    startRhythm({
      name: 'life',
      first: untilLife(),
      afterFailure: every,
      log,
      work: async () => {
        log.debug(await live(clientSystem), 'demonstration: meters of the Client System changed')
        return untilLife()
      },
    }),
    startRhythm({
      name: 'collecting readings',
      first: 1_000,
      afterFailure: every,
      log,
      work: async () => ((await collector.collect()) ? untilCollection() : 1_000),
    }),
  ]

  async function stop(): Promise<void> {
    const ended = Promise.all(rhythms.map((rhythm) => rhythm.stop())).then(() =>
      Promise.all([clientSystem.end(), syncDatabase.end()]),
    )
    // Work that hangs ends with the server.
    await Promise.race([ended, pause(2_000, undefined, { ref: false })])
    await postgres.stop('smart')
    await ended
  }
  let stopped: Promise<void> | undefined
  return () => {
    stopped ??= stop()
    return stopped
  }
}

/** One connection at most, for short statements; that it breaks is no matter here. */
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
