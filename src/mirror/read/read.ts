import type { Session } from '../../db/connect.ts'
import type { StoredBaseline } from '../../runs/client-system.ts'
import type { ReadReason } from '../../wire/types.ts'
import type { Source } from '../source/connection.ts'
import type { MeterQuery } from '../source/describe.ts'
import { stageDifferences } from './incremental.ts'
import { createStaging, type ReportProgress, type Staged, stageAll } from './stage.ts'

export type Reading = {
  clientSystemId: string
  source: Source
  query: MeterQuery
  /** What the last success left, and the run before. */
  basis: StoredBaseline
  /** Why all of it is to be read, where the caller knows. */
  full: ReadReason | null
  report: ReportProgress
}

/**
 * Reads the source into `staging`: only what differs from the meters here, or, where that is unknown or would save
 * nothing, all of it. Whatever comes after does the same with either.
 */
export async function readMeters(session: Session, reading: Reading): Promise<Staged> {
  const { clientSystemId, source, query, basis, report } = reading
  const { projection } = query
  await createStaging(session)
  const reason = reading.full ?? whyFull(query, basis)
  if (reason !== null) {
    return await stageAll(session, {
      clientSystemId,
      source,
      projection,
      reason,
      expected: query.estimate,
      bytesBefore: 0,
      report,
    })
  }
  const incremental = await stageDifferences(session, { clientSystemId, source, projection, basis, report })
  if ('staged' in incremental) return incremental.staged
  const { refused, meters: expected, bytes: bytesBefore } = incremental
  return await stageAll(session, { clientSystemId, source, projection, reason: refused, expected, bytesBefore, report })
}

/** The errors that a question of an incremental read may cause, and a full read not. */
const doubtful = new Set(['proof_failed', 'source_query', 'source_timeout', 'timeout', 'database_error', 'internal'])

/** Why the hashes that are kept with the meters report nothing, or null when they do. */
function whyFull({ fingerprint }: MeterQuery, basis: StoredBaseline): ReadReason | null {
  if (basis.meters.total === 0) return { code: 'no_meters' }
  if (basis.fingerprint === null) return { code: 'not_hashed' }
  if (basis.fingerprint !== fingerprint) return { code: 'query_changed' }
  // Hashes only say where to look: once a day, at a quiet time, every meter is read and compared all the same.
  if (!basis.fullToday) return { code: 'daily' }
  if (basis.error !== null && doubtful.has(basis.error)) return { code: 'after_failure', error: basis.error }
  return null
}
