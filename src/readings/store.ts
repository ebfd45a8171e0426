import { once } from 'node:events'
import type pg from 'pg'
import copyStreams from 'pg-copy-streams'
import { sqlBeside } from '../db/sql-file.ts'
import { transaction } from '../db/transaction.ts'
import { lockForWaiting, maxWaiting } from './waiting.ts'

const storeIncoming = sqlBeside(import.meta.url, 'store-incoming.sql')
const letIncomingWait = sqlBeside(import.meta.url, 'let-incoming-wait.sql')
const countConflicts = sqlBeside(import.meta.url, 'count-conflicts.sql')

/** A well-formed reading. `value` is the text of a number, `readAt` is ISO 8601 with its offset. */
export type IncomingReading = {
  line: number
  clientSystemId: string
  externalId: string
  quantity: string
  value: string
  unit: string | null
  readAt: string
}

/**
 * The outcome of readings. `duplicates` were already stored. `conflicts` have another value or unit than the stored reading
 * of their time, and change nothing. `waiting` have no meter yet, in the Client Systems `waitingFor`. `rejected` are the lines
 * of readings that have no meter and cannot wait.
 */
type Stored = {
  stored: number
  duplicates: number
  conflicts: number
  waiting: number
  rejected: number[]
  waitingFor: string[]
}

/**
 * Stores readings in one transaction: copies them into a temporary table, and inserts from there. Idempotent on meter,
 * quantity and time: of two readings with the same key the first one stays. Takes readings from the iterable as fast as the
 * server receives them.
 */
export async function storeReadings(pool: pg.Pool, readings: Iterable<IncomingReading>): Promise<Stored> {
  return await transaction(pool, async (client) => {
    await client.query(`create temporary table pg_temp.incoming (
      line integer, client_system_id text, external_id text collate "C", quantity text, value numeric, unit text,
      read_at timestamptz
    ) on commit drop`)
    const copy = client.query(copyStreams.from('copy pg_temp.incoming from stdin'))
    const finished = once(copy, 'finish')
    let lines = ''
    for (const reading of readings) {
      lines += toCopyLine(reading)
      if (lines.length < copyLength) continue
      if (!copy.write(lines)) await Promise.race([once(copy, 'drain'), finished])
      lines = ''
    }
    if (lines !== '') copy.write(lines)
    copy.end()
    await finished
    await client.query('analyze pg_temp.incoming')
    const { rows } = await client.query<{ stored: number; known: number; unknown: number[] }>(storeIncoming)
    const first = rows[0] ?? { stored: 0, known: 0, unknown: [] }
    const later = first.unknown.length === 0 ? nothingUnknown : await letWait(client, first.unknown)
    const known = first.known + later.known
    const { waiting, rejected, clientSystemIds: waitingFor } = later
    const stored = first.stored + later.stored
    if (stored === known) return { stored, duplicates: 0, conflicts: 0, waiting, rejected, waitingFor }
    // A statement of its own: it also sees what another transaction stored meanwhile.
    const { rows: compared } = await client.query<{ conflicts: number }>(countConflicts)
    const conflicts = compared[0]?.conflicts ?? 0
    return { stored, duplicates: known - stored - conflicts, conflicts, waiting, rejected, waitingFor }
  })
}

type Later = { stored: number; known: number; waiting: number; rejected: number[]; clientSystemIds: string[] }

const nothingUnknown: Later = { stored: 0, known: 0, waiting: 0, rejected: [], clientSystemIds: [] }

/** Lets the readings at these lines wait. Stores those whose meter a run has inserted meanwhile. */
async function letWait(client: pg.PoolClient, unknown: number[]): Promise<Later> {
  const { rows: named } = await client.query<{ id: string }>(
    `select distinct client_system_id collate "C" as id from pg_temp.incoming where line = any($1::integer[]) order by 1`,
    [unknown],
  )
  const clientSystemIds = named.map(({ id }) => id)
  for (const id of clientSystemIds) await lockForWaiting(client, id)
  const { rows } = await client.query<Pick<Later, 'stored' | 'known' | 'rejected'>>(letIncomingWait, [
    unknown,
    maxWaiting,
  ])
  const { stored, known, rejected } = rows[0] ?? nothingUnknown
  return { stored, known, waiting: unknown.length - known - rejected.length, rejected, clientSystemIds }
}

/** The characters of one write to the server. */
const copyLength = 64 * 1_024

function toCopyLine({ line, clientSystemId, externalId, quantity, value, unit, readAt }: IncomingReading): string {
  const fields = [String(line), clientSystemId, externalId, quantity, value, unit, readAt]
  return `${fields.map(toCopyField).join('\t')}\n`
}

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function toCopyField(text: string | null): string {
  return text === null ? '\\N' : text.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found)
}
