import type { Notice } from '../wire/types.ts'
import type { Queryable } from './connect.ts'

/** The channel of LISTEN and NOTIFY that every process uses. */
export const channel = 'meter_sync'

/**
 * Returns the next revision. Must be the first write of its transaction. The lock on the counter's row then makes the
 * order of revisions the order of commits, and no transaction that holds the row of a run waits for the counter.
 *
 * From here on the server ends this transaction when it is idle for 2 s, also in the session of a run. Otherwise a process
 * that freezes or loses its network now would block every other process that triggers or records a run: they wait 3 s for
 * the lock.
 */
export async function nextRevision(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ value: string }>(
    `update sync.revision_counter set value = value + 1
     where id = 1
     returning value, set_config('idle_in_transaction_session_timeout', '2s', true)`,
  )
  const value = rows[0]?.value
  if (value === undefined) throw missingCounter()
  return Number(value)
}

/** Returns the error for a revision counter without its row. */
export function missingCounter(): Error {
  const remedy = 'insert into sync.revision_counter select 1, coalesce(max(revision), 0) from sync.run'
  return new Error(`sync.revision_counter has no row; restore it with: ${remedy}`)
}

/** Notifies every process when the transaction commits. A notice holds ids and small numbers: NOTIFY allows 8 kB (F21). */
export async function notify(db: Queryable, notice: Notice): Promise<void> {
  await db.query('select pg_notify($1, $2)', [channel, JSON.stringify(notice)])
}
