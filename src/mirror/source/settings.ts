import type { ClientSystem } from '../../config/environment.ts'
import { lostClientSettings, textSettings } from '../../db/session-settings.ts'

/** Returns the settings of the transaction that reads a Client System. */
export function sourceSettings({ totalMs, startMs }: ClientSystem['timeouts']): Record<string, string> {
  return {
    ...constantSettings,
    statement_timeout: String(totalMs),
    // Shorter than the timeout of an answer, so that the server reports that it waits for a lock.
    lock_timeout: String(Math.min(10_000, Math.floor(startMs * 0.8))),
    // The longest that the agent computes between two statements.
    idle_in_transaction_session_timeout: String(totalMs),
  }
}

/**
 * With these settings every value has one text, whatever defaults the database or the role has. A statement that the agent
 * abandons ends at the server by itself.
 */
const constantSettings = {
  ...textSettings,
  // Without an order of day and month, so that the query reads dates as the database does.
  DateStyle: 'ISO',
  transaction_timeout: '0',
  // An abandoned session must not keep its snapshot: it would hold back vacuum at the Client System.
  ...lostClientSettings,
  // Keepalives are not sent while rows are being transferred.
  tcp_user_timeout: '60s',
  // For the digests of buckets, which are grouped in memory: a read leaves no temporary file at the source.
  work_mem: '64MB',
  hash_mem_multiplier: '4',
  jit: 'off',
  // A query may depend on the order of rows, such as array_agg without ORDER BY. This keeps it the same each time.
  synchronize_seqscans: 'off',
  // Texts and hashes cost more than the planner assumes, so parallel workers pay off.
  parallel_setup_cost: '0',
  parallel_tuple_cost: '0',
}
