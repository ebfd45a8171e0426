import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { connectionOptions } from './connect.ts'

/**
 * True when a pooler in transaction mode stands before the Sync database: two connections that are open at once then share
 * one server process. Locks and notifications belong to a session, and would be lost or left behind for ever.
 */
export async function isTransactionPooled(client: pg.Client, target: DatabaseTarget): Promise<boolean> {
  const reported: unknown = 'processID' in client ? client.processID : null
  // Without a pooler the server process is the one that the server itself named at the login.
  if ((await processOf(client)) === reported) return false
  const other = new pg.Client(connectionOptions(target, { application: 'meter-sync-agent', connectTimeoutMs: 5_000 }))
  other.on('error', () => undefined)
  try {
    await other.connect()
    for (let round = 0; round < 3; round++) {
      if ((await processOf(client)) === (await processOf(other))) return true
    }
    return false
  } finally {
    await other.end()
  }
}

async function processOf(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid
}

export const poolerMessage =
  'a pooler in transaction mode stands before the Sync database, where locks and notifications of a session are lost; ' +
  'use a direct connection or session mode'
