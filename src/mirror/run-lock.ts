import type pg from 'pg'
import type { Queryable } from '../db/connect.ts'
import { holdsLock, lockKey } from '../db/locks.ts'
import { runApplication, type Session } from '../db/session.ts'
import { errorCode } from '../lib/errors.ts'

/**
 * Takes the advisory lock of the Client System for a run's session, and returns its key. Waits `lock_timeout` for it,
 * because a reaper holds it for a moment to check whether a run is alive. A session that holds it longer is ended if it
 * belongs to a run that has ended: the answer to its COMMIT was lost, or its worker froze. Otherwise throws 55P03.
 */
export async function takeRunLock(
  { client }: Session,
  pool: pg.Pool,
  { runId, clientSystemId }: { runId: string; clientSystemId: string },
): Promise<bigint> {
  const { rows } = await client.query<{ key: string }>(`select ${lockKey} as key`, [clientSystemId])
  const key = BigInt(rows[0]?.key ?? 0)
  const take = () => client.query('select pg_advisory_lock($1)', [key])
  await take().catch(async (error) => {
    if (errorCode(error) !== '55P03') throw error
    await endLeftover(pool, key, runId)
    await take()
  })
  return key
}

/** Ends the session of a run that holds the lock while `runId` is queued: no other run can be active then. */
async function endLeftover(db: Queryable, key: bigint, runId: string): Promise<void> {
  await db.query(terminateHolder, [key, runId])
}

const terminateHolder = `
  select pg_terminate_backend(l.pid)
  from pg_locks l
  join pg_stat_activity a on a.pid = l.pid
  where ${holdsLock('$1::bigint')}
    and a.application_name = '${runApplication}'
    and exists (select from sync.run where id = $2 and status = 'queued')`
