import type { Queryable } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import { findPage, type Page, toPage } from '../db/pages.ts'
import { toRejection } from '../db/reasons.ts'
import type { Change, ChangeOperation, Rejected } from '../wire/types.ts'
import { changedMeter, toChangedMeter } from './changed-meter.ts'

type ChangeRow = {
  runId: string
  at: Date
  meterId: string
  externalId: string
  operation: ChangeOperation
  before: string | null
  after: string | null
  meter: string | null
}

function toChange(row: ChangeRow): Change {
  return {
    ...row,
    at: row.at.toISOString(),
    meterId: Number(row.meterId),
    before: row.before === null ? null : parseObject(row.before),
    after: row.after === null ? null : parseObject(row.after),
    meter: toChangedMeter(row.meter),
  }
}

export type ChangeFilter = {
  runId: string
  clientSystemId: string
  /** Whether the run inserted meters. Finding them reads all meters, which is saved when there are none. */
  inserted: boolean
  operation: ChangeOperation | null
  after: string | null
}

/**
 * Returns a page of a run's changes, ordered by external id. Insertions are not stored as changes: they are the meters
 * whose `created_run_id` is this run.
 */
export async function listChanges(
  db: Queryable,
  { runId, clientSystemId, inserted, operation, after }: ChangeFilter,
  limit: number,
): Promise<Page<Change, string>> {
  const select = `
     select change.*, ${changedMeter('m')} as meter
     from ((
       select run_id as "runId", at, meter_id as "meterId", external_id as "externalId", operation,
         before::text as before, after::text as after
       from sync.meter_change
       where run_id = $1 and external_id > coalesce($3, '') and ($4::text is null or operation = $4)
       order by external_id
       limit $6
     )
     union all (
       select created_run_id, created_at, id, external_id, 'insert', null, null
       from sync.meter
       where $5::boolean and client_system_id = $2 and created_run_id = $1 and external_id > coalesce($3, '')
         and coalesce($4, 'insert') = 'insert'
       order by external_id
       limit $6
     )
     order by "externalId"
     limit $6) change
     left join sync.meter m on m.id = change."meterId"
     order by "externalId"`
  const page = { select, order: '"externalId"' }
  const values = [runId, clientSystemId, after, operation, inserted]
  const found = await findPage<ChangeRow>(db, page, values, limit)
  return toPage(found, toChange, ({ externalId }) => externalId)
}

/** The end of a page: the time of the last change as PostgreSQL writes it, and its run. */
export type HistoryCursor = { at: string; runId: string }

/** Returns a page of the changes of a meter, newest first. */
export async function listHistory(
  db: Queryable,
  meterId: number,
  before: HistoryCursor | null,
  limit: number,
): Promise<Page<Change, HistoryCursor>> {
  const select = `
     select change.*, at::text as "cursorAt", ${changedMeter('m')} as meter
     from (
       select run_id as "runId", at, meter_id as "meterId", external_id as "externalId", operation,
         before::text as before, after::text as after
       from sync.meter_change
       where meter_id = $1
       union all
       select created_run_id, created_at, id, external_id, 'insert', null, null
       from sync.meter
       where id = $1
     ) change
     left join sync.meter m on m.id = change."meterId"
     where $2::timestamptz is null or (at, "runId") < ($2::timestamptz, $3::uuid)
     order by at desc, "runId" desc
     limit $4`
  const page = { select, order: 'at desc, "runId" desc' }
  const values = [meterId, before?.at ?? null, before?.runId ?? null]
  const found = await findPage<ChangeRow & { cursorAt: string }>(db, page, values, limit)
  return toPage(
    found,
    ({ cursorAt: _, ...row }) => toChange(row),
    ({ cursorAt, runId }) => ({ at: cursorAt, runId }),
  )
}

/** Returns a page of a run's rejected rows in the order of the source. `after` is the id at the end of the previous page. */
export async function listRejected(
  db: Queryable,
  runId: string,
  after: number,
  limit: number,
): Promise<Page<Rejected, number>> {
  const select = `
     select id, external_id as "externalId", reason, row::text as row
     from sync.rejected_row where run_id = $1 and id > $2 order by id limit $3`
  type Row = { id: string; externalId: string | null; reason: string; row: string }
  const found = await findPage<Row>(db, { select, order: 'id' }, [runId, after], limit)
  return toPage(
    found,
    ({ externalId, reason, row }) => ({ externalId, reason: toRejection(reason), row: parseObject(row) }),
    ({ id }) => Number(id),
  )
}
