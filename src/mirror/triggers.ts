import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'
import { AgentError } from '../lib/errors.ts'

const findTriggers = sqlBeside(import.meta.url, 'sql/find-triggers.sql')
const countAltered = sqlBeside(import.meta.url, 'sql/count-altered.sql')

/**
 * Returns the names of the triggers and rules on `sync.meter`, or null. The agent has none there. Makes deferred triggers
 * run now, because they would otherwise write after the proof.
 */
export async function runTriggers(client: Queryable): Promise<string | null> {
  const { rows } = await client.query<{ names: string | null }>(findTriggers)
  const names = rows[0]?.names ?? null
  if (names !== null) await client.query('set constraints all immediate')
  return names
}

export type Written = {
  clientSystemId: string
  /** The expected xor of `whole_hash` over the present meters (schema.ts). */
  content: bigint
}

/**
 * Throws `proof_failed` when triggers or rules stored other values than the run wrote, or changed other meters. The hashes
 * that the proof compares come from the Client System, so they cannot show that.
 */
export async function refuseAltered(client: Queryable, triggers: string, written: Written): Promise<void> {
  const { rows } = await client.query<{ altered: number; content: string }>(countAltered, [written.clientSystemId])
  const { altered = 0, content = '0' } = rows[0] ?? {}
  if (altered === 0 && BigInt(content) === written.content) return
  const message =
    altered > 0
      ? `${altered} of the written meters are stored with other values`
      : 'Meters that the run did not write have changed with it'
  throw new AgentError('proof_failed', message, { hint: triggersHint(triggers) })
}

export function triggersHint(triggers: string): string {
  return `Something on sync.meter changes what is written: ${triggers}. Remove it, or have it change columns of its own only`
}
