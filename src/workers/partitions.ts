import type pg from 'pg'
import { errorCode } from '../lib/errors.ts'
import { type Loop, startLoop } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withoutRepeats } from '../lib/repeats.ts'
import { createPartitions, dropOldReadings } from '../readings/partitions.ts'
import type { QueueClock } from './job-queue.ts'

/** How often a worker creates the partitions that are missing. */
const everyMs = 2_000

/** The time until the next attempt after one that failed. Each can delay collectors by 2.5 s. */
const retryMs = 60_000

const lockNotAvailable = '55P03'

export type PartitioningOptions = {
  pool: pg.Pool
  /** How long readings are kept; null for ever. */
  readingsDays: number | null
  log: Log
  /** Default: the clock of the process. */
  clock?: Pick<QueueClock, 'now' | 'setInterval' | 'clearInterval'> | undefined
}

/** Creates the partitions of the readings, those of coming months ahead, and drops old ones once a day. */
export function startPartitioning({ pool, readingsDays, log, clock }: PartitioningOptions): Loop {
  const nowMs = () => clock?.now() ?? performance.now()
  let notBeforeMs = Number.NEGATIVE_INFINITY
  /** The day on which old readings were dropped last. */
  let droppedOn = ''
  const warn = withoutRepeats((err) => {
    const hint = 'Readings are stored meanwhile. If privileges are missing, run docs/deploy/grants.sql as the owner'
    log.warn({ err, hint }, 'the partitions of readings could not be created or dropped; retrying')
  })
  const loop = startLoop({
    everyMs,
    pass: async () => {
      if (nowMs() < notBeforeMs) return
      // Stays when this pass throws; a pass that succeeds resets it below.
      notBeforeMs = nowMs() + retryMs
      // Creates before it drops, because an error while dropping must not delay the partitions of new readings.
      await createMissing(pool, log)
      const today = new Date().toISOString().slice(0, 10)
      if (readingsDays !== null && droppedOn !== today) await dropOld(pool, readingsDays, log)
      droppedOn = today
      notBeforeMs = Number.NEGATIVE_INFINITY
    },
    onError: (err) => {
      // A run, a long query or a dump holds a lock on a table.
      if (errorCode(err) === lockNotAvailable) log.debug({ err }, 'the partitions of readings are in use; retrying')
      else warn(err)
    },
    ...(clock && { timers: clock }),
  })
  loop.requestPass()
  return loop
}

async function createMissing(pool: pg.Pool, log: Log): Promise<void> {
  const months = await createPartitions(pool)
  if (months.length > 0) log.info({ months }, 'partitions of readings created')
}

async function dropOld(pool: pg.Pool, readingsDays: number, log: Log): Promise<void> {
  const { partitions, readings } = await dropOldReadings(pool, readingsDays)
  if (partitions.length + readings > 0) log.info({ partitions, readings, readingsDays }, 'old readings removed')
}
