import type { Session } from '../../db/session.ts'
import type { StoredBaseline } from '../../runs/baseline.ts'
import type { ReadReason } from '../../wire/types.ts'
import type { Source } from '../source/connection.ts'
import type { MeterQuery } from '../source/describe.ts'
import { stageDifferences } from './incremental.ts'
import { loadMeters } from './load.ts'
import { createStaging, type ReportProgress, type Staged, stageAll } from './stage.ts'

export type ReadRequest = {
  clientSystemId: string
  source: Source
  query: MeterQuery
  /** The baseline of the last success. */
  baseline: StoredBaseline
  /** Why every meter is to be read, if the caller requires it. */
  full: ReadReason | null
  /** The run for which a first load may store meters; null in a preview. */
  loadFor: string | null
  report: ReportProgress
}

/**
 * Reads the source into `staging`: only the meters that differ from the local ones or, if these cannot be found or are most
 * of them, all meters. The later steps of a run are the same after both.
 */
export async function readMeters(session: Session, request: ReadRequest): Promise<Staged> {
  const { clientSystemId, source, query, baseline, loadFor, report } = request
  const { projection } = query
  const all = { clientSystemId, source, projection, expected: query.estimate, bytesBefore: 0, report }
  await createStaging(session)
  const reason = request.full ?? whyFull(query, baseline)
  if (reason !== null) {
    const mayLoad = baseline.meters.total === 0 && !loadErrors.has(baseline.failure?.error ?? '')
    const loaded = mayLoad && loadFor !== null ? await loadMeters(session, loadFor, { ...all, reason }) : null
    return loaded ?? (await stageAll(session, { ...all, reason }))
  }
  const incremental = await stageDifferences(session, { clientSystemId, source, projection, baseline, report })
  if ('staged' in incremental) return incremental.staged
  const { refused, meters, bytes } = incremental
  return await stageAll(session, { ...all, reason: refused, expected: meters, bytesBefore: bytes })
}

/** Error codes that a first load can cause and staging cannot, because it runs the query up to three times. */
const loadErrors = new Set(['source_timeout', 'timeout'])

/** Error codes that an incremental read can cause and a full read cannot. */
const incrementalErrors = new Set([
  'proof_failed',
  'source_query',
  'source_timeout',
  'timeout',
  'database_error',
  'internal',
])

/** Returns why the stored hashes cannot be used for an incremental read; null when they can. */
function whyFull({ fingerprint }: MeterQuery, baseline: StoredBaseline): ReadReason | null {
  if (baseline.meters.total === 0) return { code: 'no_meters' }
  if (baseline.fingerprint === null) return { code: 'not_hashed' }
  if (baseline.fingerprint !== fingerprint) return { code: 'query_changed' }
  // Hashes only select what to read. Once a day, at a quiet time, every meter is read and compared anyway.
  if (!baseline.fullToday) return { code: 'daily' }
  const { failure } = baseline
  if (failure?.readMode === 'narrow' && incrementalErrors.has(failure.error))
    return { code: 'after_failure', error: failure.error }
  return null
}
