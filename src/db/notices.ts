import type { Notice } from '../wire/types.ts'
import type { Queryable } from './connect.ts'

/** Where every process listens. */
export const channel = 'meter_sync'

/**
 * Takes the next revision. To be the first write of its transaction: the counter's row lock then makes the order of
 * commits the order of revisions, and no transaction that holds a run's row waits for it. From here on the server ends
 * a transaction that is idle for 2 s, also that of a run's own session: a process that freezes or loses its network now
 * would otherwise keep every other one from triggering, marking and recording runs. Others wait 3 s for the lock.
 */
export async function nextRevision(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ value: string }>(
    `update sync.revision_counter set value = value + 1
     where id = 1
     returning value, set_config('idle_in_transaction_session_timeout', '2s', true)`,
  )
  const value = rows[0]?.value
  if (value === undefined)
    throw new Error(
      'sync.revision_counter has no row; restore it with: insert into sync.revision_counter values (1, 0)',
    )
  return Number(value)
}

/** Tells every process, at the commit. Ids and small numbers only: a payload ends at 8 kB (F21). */
export async function notify(db: Queryable, notice: Notice): Promise<void> {
  await db.query('select pg_notify($1, $2)', [channel, JSON.stringify(notice)])
}
