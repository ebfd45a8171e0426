import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { connectionOptions, findServerProcess } from './connect.ts'

/**
 * Returns true when a pooler in transaction mode is in front of the Sync database. Two connections that are open at once
 * then share one server process. Advisory locks and LISTEN belong to a session and do not work through such a pooler.
 */
export async function isTransactionPooled(client: pg.Client, target: DatabaseTarget): Promise<boolean> {
  const reported: unknown = 'processID' in client ? client.processID : null
  // Without a pooler this is the process that the server reported at login.
  if ((await findServerProcess(client)) === reported) return false
  const other = new pg.Client(connectionOptions(target, { application: 'meter-sync-agent', connectTimeoutMs: 5_000 }))
  other.on('error', () => undefined)
  try {
    await other.connect()
    for (let round = 0; round < 3; round++) {
      if ((await findServerProcess(client)) === (await findServerProcess(other))) return true
    }
    return false
  } finally {
    await other.end()
  }
}

export const poolerMessage =
  'a pooler in transaction mode is in front of the Sync database, where advisory locks and LISTEN do not work; ' +
  'use a direct connection or session mode'
