import type { Run } from '../../../src/wire/types.ts'

/** The runs of one Client System as far as they were read, newest first. */
export type History = {
  runs: readonly Run[]
  /** Where the next, older page begins; null at the end. */
  next: string | null
  state: 'loading' | 'ready' | 'failed'
}

export const noHistory: History = { runs: [], next: null, state: 'loading' }

/** Returns the history with this run in its latest state, and the same object when nothing changes. */
export function patchHistory(history: History, run: Run): History {
  const known = history.runs.find((r) => r.id === run.id)
  if (known === undefined) {
    const last = history.runs.at(-1)
    // An older run than those that were read comes with its own page.
    if (last !== undefined && history.next !== null && run.queuedAt < last.queuedAt) return history
    return { ...history, runs: inOrder([run, ...history.runs]) }
  }
  if (known.revision >= run.revision) return history
  return { ...history, runs: history.runs.map((r) => (r.id === run.id ? run : r)) }
}

/**
 * Returns the history with a page that was read. An older page (`before` is set) is added at the end, and the first page
 * replaces the start. When the first page no longer overlaps with the runs that were read before, they are dropped, because
 * the runs between are unknown; an older page that was requested before that is dropped too.
 */
export function mergePage(history: History, page: readonly Run[], next: string | null, before: string | null): History {
  if (before !== null && before !== history.next) return history
  const known = new Map(history.runs.map((r) => [r.id, r]))
  const fresh = page.map((run) => {
    const held = known.get(run.id)
    return held !== undefined && held.revision > run.revision ? held : run
  })
  const ids = new Set(fresh.map((r) => r.id))
  const others = history.runs.filter((r) => !ids.has(r.id))
  if (before !== null) return { runs: inOrder([...others, ...fresh]), next, state: 'ready' }

  const first = fresh[0]
  const last = fresh.at(-1)
  const newer = others.filter((r) => first === undefined || r.queuedAt > first.queuedAt)
  const overlaps = next !== null && last !== undefined && known.has(last.id)
  const older = overlaps ? others.filter((r) => r.queuedAt < last.queuedAt) : []
  return { runs: inOrder([...newer, ...fresh, ...older]), next: older.length > 0 ? history.next : next, state: 'ready' }
}

/** By time queued and then by id, as the API lists them. */
function inOrder(runs: readonly Run[]): readonly Run[] {
  return runs.toSorted((a, b) => compare(b.queuedAt, a.queuedAt) || compare(b.id, a.id))
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
