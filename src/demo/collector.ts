import type pg from 'pg'
import { sqlBeside } from '../db/connect.ts'
import { kinds } from './devices.ts'

const day = 86_400_000

/** How long a reading is kept, in days. */
const keptDays = 7

export type Collector = {
  /** Stores the readings of the minutes since the time before, of the last day at first. False when there are no meters yet. */
  collect: () => Promise<boolean>
}

/** Stands for the collectors of a utility: writes readings of the meters that are there into the Sync database. */
export function createCollector(syncDatabase: pg.Pool): Collector {
  const described = JSON.stringify(kinds)
  let collectedUntil: Date | null = null

  return {
    collect: async () => {
      if (!(await hasMeters(syncDatabase))) return false
      const now = new Date()
      await syncDatabase.query(storeReadings, [described, collectedUntil ?? new Date(now.getTime() - day), now])
      collectedUntil = now
      await syncDatabase.query(forgetReadings, [described, new Date(now.getTime() - keptDays * day)])
      return true
    },
  }
}

/** The agent creates its tables after the demonstration has started, and its first sync fills them. */
async function hasMeters(syncDatabase: pg.Pool): Promise<boolean> {
  const { rows } = await syncDatabase.query(`select to_regclass('sync.meter_reading') is not null as yes`)
  if (!rows[0]?.yes) return false
  const meters = await syncDatabase.query('select exists (select from sync.meter where removed_at is null) as yes')
  return Boolean(meters.rows[0]?.yes)
}

const storeReadings = sqlBeside(import.meta.url, 'readings.sql')
const forgetReadings = sqlBeside(import.meta.url, 'forget-readings.sql')
