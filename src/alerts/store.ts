import type pg from 'pg'
import { and, desc, drizzle, eq, gt, inArray } from '../db/drizzle.ts'
import { alert, clientSystem, run } from '../db/schema.ts'
import { findLastRun, toRun } from '../runs/list.ts'
import { finishedStatuses } from '../wire/lists.ts'
import type { Run } from '../wire/types.ts'
import { type AlertState, initialAlertState } from './decide.ts'

/** What alerts are decided from, read while the Client System's row of `sync.alert` is locked. */
export type Situation = {
  state: AlertState
  /** The runs that ended since, in the order of their revisions. */
  ended: Run[]
  lastSuccess: Run | null
  meters: { total: number; active: number; inactive: number }
  /** The database's time: a worker whose clock is wrong must not find the meters stale. */
  now: Date
}

/** Who was away for longer need not be told of every turn: the latest say how things stand. */
const mostRuns = 20

/**
 * Locks the state of a Client System's alerts until the transaction ends, so that of many processes one decides, and
 * reads what it decides from. What is new to alerts begins with the last run alone: history is no news.
 */
export async function lockSituation(db: pg.PoolClient, clientSystemId: string): Promise<Situation> {
  const { rowCount: added } = await db.query(
    'insert into sync.alert (client_system_id) values ($1) on conflict do nothing',
    [clientSystemId],
  )
  const tx = drizzle(db)
  const mine = eq(alert.clientSystemId, clientSystemId)
  const [state = initialAlertState] = await tx
    .select({ failing: alert.failing, stale: alert.stale, withheld: alert.withheld, revision: alert.revision })
    .from(alert)
    .where(mine)
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
    .limit(added === 1 ? 1 : mostRuns)
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

export async function saveAlertState(db: pg.PoolClient, clientSystemId: string, state: AlertState): Promise<void> {
  await drizzle(db).update(alert).set(state).where(eq(alert.clientSystemId, clientSystemId))
}
