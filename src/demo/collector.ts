import type pg from 'pg'
import { sqlBeside } from '../db/sql-file.ts'
import { kinds } from './kinds.ts'

const dayMs = 86_400_000
const retentionMs = 7 * dayMs

export type Collector = {
  /** Stores the readings since the previous call; those of the last day at the first call. Returns false without meters. */
  collect: () => Promise<boolean>
}

/** Simulates the collectors of a utility, which write readings of the mirrored meters into the Sync database. */
export function createCollector(syncDatabase: pg.Pool): Collector {
  const kindsJson = JSON.stringify(kinds)
  let collectedUntil: Date | null = null

  return {
    collect: async () => {
      if (!(await hasMeters(syncDatabase))) return false
      const now = new Date()
      await syncDatabase.query(storeReadings, [kindsJson, collectedUntil ?? new Date(now.getTime() - dayMs), now])
      collectedUntil = now
      await syncDatabase.query(deleteOldReadings, [kindsJson, new Date(now.getTime() - retentionMs)])
      return true
    },
  }
}

/** Returns true when there are meters. The agent creates its tables after this starts, and its first sync fills them. */
async function hasMeters(syncDatabase: pg.Pool): Promise<boolean> {
  const { rows } = await syncDatabase.query(`select to_regclass('sync.meter_reading') is not null as yes`)
  if (!rows[0]?.yes) return false
  const meters = await syncDatabase.query('select exists (select from sync.meter where removed_at is null) as yes')
  return Boolean(meters.rows[0]?.yes)
}

const storeReadings = sqlBeside(import.meta.url, 'store-readings.sql')
const deleteOldReadings = sqlBeside(import.meta.url, 'delete-old-readings.sql')
