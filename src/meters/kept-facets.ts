import type { Queryable } from '../db/connect.ts'
import type { MeterFacets } from '../wire/types.ts'
import { countFacets } from './facets.ts'
import type { MeterFilter } from './filter.ts'

/** Counts that took less are not kept. */
const slowMs = 100

/** Counts are kept for so many times the time that they took, so that one filter takes at most 5 % of a processor. */
const keptTimes = 20
const maxKeptMs = 60_000
const maxKept = 200

/** Counts meters like `countFacets`. */
export type Facets = (filter: MeterFilter, limit: number) => Promise<MeterFacets>

/**
 * Keeps counts that took long, until a run changes meters but not longer than a minute. Requests for the same counts at the
 * same time share them. Readings that arrive meanwhile do not change kept counts.
 */
export function createFacets(db: Queryable): Facets {
  const kept = new Map<string, { facets: Promise<MeterFacets>; until: number }>()

  async function countAnew(key: string, filter: MeterFilter, limit: number): Promise<MeterFacets> {
    const facets = countFacets(db, filter, limit)
    const begun = performance.now()
    const entry = { facets, until: Number.POSITIVE_INFINITY }
    kept.delete(key)
    kept.set(key, entry)
    const [oldest] = kept.keys()
    if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
    try {
      const counted = await facets
      const ended = performance.now()
      const took = ended - begun
      entry.until = took < slowMs ? 0 : ended + Math.min(keptTimes * took, maxKeptMs)
      return counted
    } catch (error) {
      kept.delete(key)
      throw error
    }
  }

  return async (filter, limit) => {
    const { rows } = await db.query<{ changed: string | null }>(
      'select changed_run_id as changed from sync.client_system where id = $1',
      [filter.clientSystemId],
    )
    const key = JSON.stringify([rows[0]?.changed, limit, filter])
    const known = kept.get(key)
    return await (known && performance.now() < known.until ? known.facets : countAnew(key, filter, limit))
  }
}
