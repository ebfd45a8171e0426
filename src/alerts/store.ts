import type pg from 'pg'
import { and, desc, drizzle, eq, gt, inArray } from '../db/drizzle.ts'
import { alert, clientSystem, run } from '../db/schema.ts'
import { findLastRun, toRun } from '../runs/list.ts'
import { finishedStatuses } from '../wire/lists.ts'
import type { Run } from '../wire/types.ts'
import { type AlertState, initialAlertState } from './decide.ts'

/** The data that alerts are decided from, read while the row of the Client System in `sync.alert` is locked. */
export type Situation = {
  state: AlertState
  /** The runs that have ended since `state.revision`, in the order of their revisions. */
  ended: Run[]
  lastSuccess: Run | null
  meters: { total: number; active: number; inactive: number }
  /** The time of the database, so that a worker with a wrong clock does not report stale meters. */
  now: Date
}

/** The maximum number of runs that are considered at once. After a longer outage of the workers the latest are enough. */
const maxRuns = 20

/**
 * Locks the alert state of a Client System until the transaction ends, so that only one process decides, and reads the
 * data for the decision. For a Client System without alert state only the last run is considered, not its history.
 */
export async function lockSituation(db: pg.PoolClient, clientSystemId: string): Promise<Situation> {
  const { rowCount: added } = await db.query(
    'insert into sync.alert (client_system_id) values ($1) on conflict do nothing',
    [clientSystemId],
  )
  const tx = drizzle(db)
  const ofClientSystem = eq(alert.clientSystemId, clientSystemId)
  const [state = initialAlertState] = await tx
    .select({
      failing: alert.failing,
      stale: alert.stale,
      withheld: alert.withheld,
      withheldDigest: alert.withheldDigest,
      silent: alert.silent,
      revision: alert.revision,
    })
    .from(alert)
    .where(ofClientSystem)
    .for('update')
  const rows = await tx
    .select()
    .from(run)
    .where(
      and(
        eq(run.clientSystemId, clientSystemId),
        gt(run.revision, state.revision),
        inArray(run.status, finishedStatuses),
      ),
    )
    .orderBy(desc(run.revision))
    .limit(added === 1 ? 1 : maxRuns)
  const clock = await db.query<{ now: Date }>('select clock_timestamp() as now')
  const counts = await tx.select().from(clientSystem).where(eq(clientSystem.id, clientSystemId))
  const { metersTotal: total = 0, metersActive: active = 0 } = counts[0] ?? {}
  return {
    state,
    ended: rows.reverse().map(toRun),
    lastSuccess: await findLastRun(tx, clientSystemId, ['succeeded']),
    meters: { total, active, inactive: total - active },
    now: clock.rows[0]?.now ?? new Date(),
  }
}

/** Stores the state after the alerts of a Client System were decided, in the same transaction. */
export async function saveAlertState(db: pg.PoolClient, clientSystemId: string, state: AlertState): Promise<void> {
  await drizzle(db).update(alert).set(state).where(eq(alert.clientSystemId, clientSystemId))
}
