import type { Session } from '../../db/session.ts'
import { AgentError } from '../../lib/errors.ts'
import type { Source } from './connection.ts'
import { singleStatement } from './query.ts'

/** A session of the Sync database and the advisory lock that it holds. */
type Holder = { pid: number; lock: bigint }

/** Takes a lock that no other session takes, until the transaction ends. */
export async function takeOwnLock(client: Session['client']): Promise<Holder> {
  const { rows } = await client.query<{ pid: number; key: string }>(
    `select pg_backend_pid() as pid, key, pg_advisory_xact_lock(key)
     from (select hashtextextended('meter-sync-agent session:' || pg_backend_pid(), 0) as key) own`,
  )
  return { pid: rows[0]?.pid ?? 0, lock: BigInt(rows[0]?.key ?? 0) }
}

/**
 * Throws `same_database` instead of mirroring the Sync database into itself (F11). If the source's server shows the lock of
 * `session` in the database that the query reads, both databases are one. Then the query's plan shows whether it reads the
 * agent's tables.
 */
export async function refuseSameDatabase(source: Source, query: string, session: Holder): Promise<void> {
  const { rows } = await source.query<{ same: boolean }>(
    `select exists (
       select from pg_locks l
       where l.locktype = 'advisory' and l.granted and l.pid = $1
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32 | l.objid::bigint) = $2::bigint
     ) as same`,
    [session.pid, session.lock.toString()],
  )
  if (!rows[0]?.same) return
  const inner = singleStatement(query)
  const plan = await source.query<{ 'QUERY PLAN': unknown }>(
    `explain (verbose, format json) select * from (\n${inner}\n) q`,
  )
  if (!/"Schema":"(sync|pgboss)"/.test(JSON.stringify(plan.rows[0]?.['QUERY PLAN']))) return
  throw new AgentError('same_database', "The query reads the Sync database's own tables", {
    hint: 'Point CLIENT_SYSTEM_URL or CLIENT_SYSTEM_QUERY at the meters of the Client System',
  })
}
