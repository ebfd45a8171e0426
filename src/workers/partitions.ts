import type pg from 'pg'
import { errorCode } from '../lib/errors.ts'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { createPartitions, dropOldReadings } from '../readings/partitions.ts'

/** How often a worker looks after the partitions, and how often when readings of months without one keep coming. */
const everyMs = 3_600_000
const tickMs = 2_000

const lockNotAvailable = '55P03'

/** Keeps the partitions of the readings: creates those of the months to come, and drops old ones. */
export type PartitionKeeper = Lifetime & {
  /** To be called when readings were stored whose month has no partition. */
  wanted: () => void
}

export type PartitionKeeperOptions = {
  /** For statements that may take long. */
  pool: pg.Pool
  /** Whether this process does it unasked, and drops what is old. */
  works: boolean
  /** How long readings are kept; null for ever. */
  readingsDays: number | null
  log: Log
}

export function startPartitionKeeper({ pool, works, readingsDays, log }: PartitionKeeperOptions): PartitionKeeper {
  let asked = works
  let passedAt = Number.NEGATIVE_INFINITY
  let droppedOn = ''

  async function pass(): Promise<void> {
    const now = performance.now()
    if (!asked && !(works && now - passedAt >= everyMs)) return
    passedAt = now
    asked = false
    try {
      if (works && readingsDays !== null) await drop(readingsDays)
      const months = await createPartitions(pool)
      if (months.length > 0) log.info({ months }, 'partitions of readings created')
    } catch (error) {
      asked = true
      throw error
    }
  }

  /** Once a day, because it may read a whole partition. */
  async function drop(days: number): Promise<void> {
    const today = new Date().toISOString().slice(0, 10)
    if (droppedOn === today) return
    const { partitions, readings } = await dropOldReadings(pool, days)
    if (partitions.length + readings > 0) log.info({ partitions, readings, readingsDays: days }, 'old readings removed')
    droppedOn = today
  }

  const loop = startLoop({
    pass,
    everyMs: tickMs,
    onError: (err, { repeated }) => {
      // A run or a long query holds a lock, and the next tick tries again.
      if (errorCode(err) === lockNotAvailable) return log.debug({ err }, 'the partitions of readings are in use')
      const hint = 'Readings are stored meanwhile. If privileges are missing, run docs/deploy/grants.sql as the owner'
      if (!repeated) log.warn({ err, hint }, 'the partitions of readings could not be created or dropped; retrying')
    },
  })
  loop.soon()
  return withLifetime(
    {
      wanted: () => {
        asked = true
        if (performance.now() - passedAt >= tickMs) loop.soon()
      },
    },
    loop.stop,
    { timeoutMs: 1_000 },
  )
}
