import type pg from 'pg'
import { errorCode } from '../lib/errors.ts'
import { type Loop, startLoop } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withoutRepeats } from '../lib/repeats.ts'
import { createPartitions, dropOldReadings } from '../readings/partitions.ts'
import type { QueueClock } from './queue.ts'

/** How often a worker creates the partitions that are missing. */
const everyMs = 2_000

/** The time until the next attempt after one that failed. Each can delay collectors by 2.5 s. */
const retryMs = 60_000

const lockNotAvailable = '55P03'

export type PartitioningOptions = {
  /** For statements that may take long. */
  pool: pg.Pool
  /** How long readings are kept; null for ever. */
  readingsDays: number | null
  log: Log
  /** Default: the clock of the process. */
  clock?: Pick<QueueClock, 'now' | 'setInterval' | 'clearInterval'> | undefined
}

/** Creates the partitions of the readings, those of coming months ahead, and drops old ones once a day. */
export function startPartitioning({ pool, readingsDays, log, clock }: PartitioningOptions): Loop {
  const now = () => clock?.now() ?? performance.now()
  let notBefore = Number.NEGATIVE_INFINITY
  let droppedOn = ''

  async function drop(days: number): Promise<void> {
    const today = new Date().toISOString().slice(0, 10)
    if (droppedOn === today) return
    const { partitions, readings } = await dropOldReadings(pool, days)
    if (partitions.length + readings > 0) log.info({ partitions, readings, readingsDays: days }, 'old readings removed')
    droppedOn = today
  }

  const warn = withoutRepeats((err) => {
    const hint = 'Readings are stored meanwhile. If privileges are missing, run docs/deploy/grants.sql as the owner'
    log.warn({ err, hint }, 'the partitions of readings could not be created or dropped; retrying')
  })
  const loop = startLoop({
    everyMs,
    pass: async () => {
      if (now() < notBefore) return
      notBefore = now() + retryMs
      // First what new readings need: nothing that keeps old ones from being removed may stop it.
      const months = await createPartitions(pool)
      if (months.length > 0) log.info({ months }, 'partitions of readings created')
      if (readingsDays !== null) await drop(readingsDays)
      notBefore = Number.NEGATIVE_INFINITY
    },
    onError: (err) => {
      // A run, a long query or a dump holds a lock on a table.
      if (errorCode(err) === lockNotAvailable) return log.debug({ err }, 'the partitions of readings are in use')
      warn(err)
    },
    ...(clock && { timers: clock }),
  })
  loop.requestPass()
  return loop
}
