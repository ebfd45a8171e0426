import type { ClientSystem } from '../config/environment.ts'
import { createHourCheck } from '../config/schedule-hours.ts'
import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { RunHistory } from '../wire/types.ts'

const selectHours = sqlBeside(import.meta.url, 'select-hours.sql')
const selectSummary = sqlBeside(import.meta.url, 'select-summary.sql')

const hourMs = 3_600_000
/** The number of days with hours, and the number of days over which the reliability is computed. */
const historyDays = 90
const summaryDays = 30

type HourRow = {
  from: Date
  succeeded: number
  failed: number
  cancelled: number
  inserted: number
  updated: number
  deleted: number
  until: Date
}

type SummaryRow = {
  succeeded: number
  failed: number
  outages: number
  staleSeconds: number
  firstRunAt: Date | null
  now: Date
}

/**
 * Returns the last 90 days of a Client System's syncs: the hours in which runs were queued, the hours in which one was
 * scheduled and none ran, and how reliable the syncs of the last 30 days were. Hours are whole hours of UTC.
 */
export async function readRunHistory(db: Queryable, clientSystem: ClientSystem): Promise<RunHistory> {
  const { id, freshnessMs, schedule } = clientSystem
  const started = Date.now()
  const summarySince = new Date(started - summaryDays * 24 * hourMs)
  const summaries = await db.query<SummaryRow>(selectSummary, [id, summarySince, freshnessMs / 1_000])
  const [summary] = summaries.rows
  if (!summary) throw new Error('the summary of the runs returned no row')
  const { now, firstRunAt, ...reliability } = summary
  const thisHour = Math.floor(now.getTime() / hourMs) * hourMs
  const since = thisHour - historyDays * 24 * hourMs
  const { rows } = await db.query<HourRow>(selectHours, [id, new Date(since)])
  const begin = Math.max(since, Math.ceil((firstRunAt?.getTime() ?? thisHour) / hourMs) * hourMs)
  const missed = findMissed(rows, begin, thisHour, createHourCheck(schedule))
  return {
    clientSystemId: id,
    from: new Date(since).toISOString(),
    to: now.toISOString(),
    summary: { days: summaryDays, ...reliability, staleSeconds: Math.round(reliability.staleSeconds) },
    hours: rows.map(({ until: _, from, ...hour }) => ({ from: from.toISOString(), ...hour })),
    missedHours: missed.map((from) => new Date(from).toISOString()),
  }
}

/** Returns the past hours from `begin` up to `end` in which a run was scheduled, none was queued and none was active. */
function findMissed(
  rows: readonly HourRow[],
  begin: number,
  end: number,
  isScheduled: (hour: number) => boolean,
): number[] {
  const queued = new Set(rows.map(({ from }) => from.getTime()))
  const missed: number[] = []
  let activeUntil = 0
  const ends = new Map(rows.map(({ from, until }) => [from.getTime(), until.getTime()]))
  for (let hour = begin; hour < end; hour += hourMs) {
    if (!queued.has(hour) && activeUntil <= hour && isScheduled(hour)) missed.push(hour)
    activeUntil = Math.max(activeUntil, ends.get(hour) ?? 0)
  }
  return missed
}
