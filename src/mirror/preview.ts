import type pg from 'pg'
import type { ClientSystem } from '../config/environment.ts'
import type { DatabaseTarget } from '../config/targets.ts'
import { parseObject } from '../db/json.ts'
import { limitToBytes } from '../db/pages.ts'
import { openSession, type Session } from '../db/session.ts'
import { sqlBeside } from '../db/sql-file.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Redact } from '../lib/redact.ts'
import { changedMeter, toChangedMeter } from '../meters/changed-meter.ts'
import { findBaseline } from '../runs/baseline.ts'
import type { Counts, Preview, PreviewedChange } from '../wire/types.ts'
import { compare, explainRejected } from './compare.ts'
import { failureOf } from './failure.ts'
import { guard } from './guard.ts'
import { readMeters } from './read/read.ts'
import { openSource } from './source/connection.ts'
import { describeMeters } from './source/describe.ts'
import { refuseSameDatabase, takeOwnLock } from './source/same-database.ts'

const selectInsertions = sqlBeside(import.meta.url, 'sql/select-insertions.sql')

const maxChanges = 100

/** Lists at most $1 changes by external id, up to about a megabyte. $2: the deletions are withheld. */
const listChanges = limitToBytes(
  `
  select change.meter_id as "meterId", change.external_id as "externalId", change.operation,
    change.before::text as before, change.after::text as after, ${changedMeter('m')} as meter
  from (
    (select * from (${selectInsertions}) i order by external_id limit $1)
    union all
    (
      select meter_id, external_id, operation, before, after
      from change
      where operation in ('update', 'restore')
      order by external_id
      limit $1
    )
    union all
    (
      select m.id, m.external_id, case when $2 then 'withheld' else 'delete' end, null, null
      from change c
      join sync.meter m on m.id = c.meter_id
      where c.operation = 'delete'
      order by m.external_id
      limit $1
    )
  ) change
  left join sync.meter m on m.id = change.meter_id
  order by change.external_id
  limit $1`,
  '"externalId"',
)

export type PreviewOptions = {
  syncDatabase: DatabaseTarget
  pool: pg.Pool
  /** Aborts the preview. Its reason is the AgentError that the preview ends with. */
  signal: AbortSignal
  redact: Redact
  log: Log
}

/**
 * Returns what a run would do now. Reads, compares and guards like a run, and then rolls back. Takes no lock that others
 * wait for, and writes only temporary tables. Throws AgentError with the code that a run would end with.
 */
export async function previewSync(clientSystem: ClientSystem, options: PreviewOptions): Promise<Preview> {
  const { syncDatabase, pool, redact, log } = options
  const timeoutMs = clientSystem.timeouts.totalMs
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(timedOut(timeoutMs)), timeoutMs)
  const signal = AbortSignal.any([options.signal, ending.signal])
  let session: Session | undefined
  const destroy = () => session?.destroy()
  signal.addEventListener('abort', destroy)
  try {
    session = await openSession(syncDatabase, { runTimeoutMs: timeoutMs, signal, pool, log })
    await using source = await openSource(clientSystem, signal)
    await session.client.query('begin isolation level repeatable read')
    await refuseSameDatabase(source, clientSystem.query, await takeOwnLock(session.client))
    const { id: clientSystemId } = clientSystem
    const baseline = await findBaseline(session.client, clientSystem)
    const query = await describeMeters(source, clientSystem.query, baseline.salt)
    const request = { clientSystemId, source, query, baseline, full: null, loadFor: null, report: noProgress }
    const { rows: read } = (await readMeters(session, request)).source
    const difference = await compare(session, { clientSystemId, read })
    const verdict = guard(difference, clientSystem.guard)
    const withheld = verdict.deletions === 'withhold'
    const { rows } = await session.client.query<ChangeRow>(listChanges, [maxChanges, withheld])
    const { inserted, updated, restored, rejected, missing } = difference
    const counts: Counts = {
      read,
      inserted,
      updated,
      unchanged: read - inserted - updated - rejected,
      rejected,
      restored,
      deleted: withheld ? 0 : missing,
      withheld: withheld ? missing : 0,
    }
    return {
      counts,
      changes: rows.map(toChange),
      withheldBecause: withheld ? verdict.reason : null,
      withheldDigest: withheld ? difference.missingDigest : null,
      rejectedBecause: await explainRejected(session, difference),
    }
  } catch (thrown) {
    const { error } = failureOf(thrown, signal, redact)
    throw new AgentError(error.code, error.message, { hint: error.hint ?? undefined, cause: thrown })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', destroy)
    session?.destroy()
  }
}

function timedOut(timeoutMs: number): AgentError {
  return new AgentError('timeout', `The preview took longer than ${timeoutMs / 1_000} s`, {
    hint: 'Look for what is slow, or raise RUN_TIMEOUT_SECONDS',
  })
}

const noProgress = { step: () => undefined, progress: () => undefined }

type ChangeRow = Omit<PreviewedChange, 'meterId' | 'before' | 'after' | 'meter'> &
  Record<'meterId' | 'before' | 'after' | 'meter', string | null>

function toChange({ meterId, externalId, operation, before, after, meter }: ChangeRow): PreviewedChange {
  return {
    externalId,
    operation,
    meter: toChangedMeter(meter),
    meterId: meterId === null ? null : Number(meterId),
    before: before === null ? null : parseObject(before),
    after: after === null ? null : parseObject(after),
  }
}
