import type { ClientSystem } from '../config/environment.ts'
import { copyInto } from '../db/copy.ts'
import { parseObject } from '../db/json.ts'
import { type StoredRejectedBecause, toRejectedBecause } from '../db/reasons.ts'
import type { Session } from '../db/session.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { RejectedBecause } from '../wire/types.ts'
import { judge } from './compare.ts'
import { createStaging } from './read/stage.ts'
import type { Source } from './source/connection.ts'
import { describeMeters } from './source/describe.ts'
import { refuseSameDatabase, takeOwnLock } from './source/same-database.ts'

const selectInsertions = sqlBeside(import.meta.url, 'sql/select-insertions.sql')

const listFirst = `
  select external_id as "externalId", after::text as values
  from (${selectInsertions}) i
  order by external_id
  limit 5`

/** A meter as a sync would store it. */
export type StoredMeter = { externalId: string; values: Record<string, unknown> }

export type MeterCheck = {
  /** The columns of the query. */
  columns: string[]
  rows: number
  /** Why rows cannot be used, the most frequent reason first, each with an example. */
  rejected: RejectedBecause[]
  /** The first five usable rows, by external id. */
  first: StoredMeter[]
}

/**
 * Reads every meter and checks it as a sync would, in temporary tables of a transaction that is rolled back. Needs no schema
 * of the agent, because no meter is compared with a local one.
 */
export async function checkMeters(
  client: Session['client'],
  source: Source,
  { query: text }: Pick<ClientSystem, 'query'>,
): Promise<MeterCheck> {
  await client.query('begin')
  try {
    await refuseSameDatabase(source, text, await takeOwnLock(client))
    const query = await describeMeters(source, text, 0n)
    await createStaging({ client })
    await client.query(createNoMeters)
    const { rows } = await copyInto(
      { client, pause: (work) => work() },
      'copy staging from stdin (format binary)',
      source.copy(`copy (\n${query.projection.select()}\n) to stdout (format binary)`),
      () => undefined,
    )
    await client.query('analyze staging')
    await judge(client)
    const rejected = await client.query<StoredRejectedBecause>(listReasons)
    const first = await client.query<{ externalId: string; values: string }>(listFirst)
    return {
      columns: query.columns,
      rows,
      rejected: rejected.rows.map(toRejectedBecause),
      first: first.rows.map(({ externalId, values }) => ({ externalId, values: parseObject(values) })),
    }
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

/** An empty table in place of the local meters, so that every usable row counts as a new meter. */
const createNoMeters = `
  create temporary table ours (
    id bigint, external_id text collate "C", name text, serial_number text, kind text, unit text, location text,
    ip_address text, port integer, active boolean, attributes jsonb, removed_at timestamptz,
    whole_hash bigint, row_hash bigint, id_hash bigint
  ) on commit drop`

const listReasons = `
  select c.reason, count(*)::float8 as rows, left(min(coalesce(s.external_id, s.cut_id)), 200) as example
  from change c
  join staging s on s.ctid = c.staged
  where c.operation = 'reject'
  group by c.reason
  order by count(*) desc, c.reason`
