import type pg from 'pg'
import { isConnectionLoss } from '../lib/errors.ts'

/**
 * Runs `work` in a transaction of a pooled connection. Commits when it returns, and rolls back and rethrows when it
 * throws. A connection that was lost is destroyed without a rollback, because waiting for that would take another timeout.
 *
 * Do not use the transaction of the query builder: it never releases the connection when its `begin` fails, so that the
 * pool would be empty after a few restarts of the server.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  mode: '' | 'isolation level repeatable read read only' = '',
): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query(`begin ${mode}`)
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    broken = isConnectionLoss(error)
    if (!broken) {
      await client.query('rollback').catch(() => {
        broken = true
      })
    }
    throw error
  } finally {
    client.release(broken)
  }
}
