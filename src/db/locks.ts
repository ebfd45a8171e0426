/** The key of the advisory lock that a run's session holds, as an SQL expression; $1 is the id of the Client System. */
export const lockKey = `hashtextextended('meter-sync-agent:' || $1::text, 0)`

/**
 * Returns an SQL condition that selects, from `pg_locks l`, the session of this database that holds the advisory lock `key`.
 * `key` is an SQL expression of type bigint.
 */
export function holdsLock(key: string): string {
  return `l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = ${key}`
}
