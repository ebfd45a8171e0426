import { conditionOf, conditionWords, isFailure } from '../../../src/wire/condition.ts'
import type { Run } from '../../../src/wire/types.ts'
import type { State, SystemState } from '../data/state.ts'
import { formatCount, plural, sentences } from '../ui/format.ts'

/**
 * Returns what is announced to screen readers for the step from one state to the next: the start of a run, its end with
 * counts, or its failure. Returns null when there is nothing to announce: the first status and progress are not announced.
 */
export function announcementOf(before: State, after: State): string | null {
  const changes = after.systems.flatMap((system) => {
    const known = before.systems.find((s) => s.status.id === system.status.id)
    const sentence = known === undefined ? null : changeOf(known, system)
    if (sentence === null) return []
    return [after.systems.length > 1 ? `${system.status.name}: ${sentence}` : sentence]
  })
  return changes.length > 0 ? changes.join(' ') : null
}

/** Returns what is announced when the page no longer knows the state. */
export function lossOf({ refused }: Pick<State, 'refused'>): string {
  return sentences(refused?.message ?? 'The connection to the agent is lost', 'The status is unknown')
}

/** Returns what is announced when the page knows the state again; `now` is the server's time. */
export function returnOf({ systems }: Pick<State, 'systems'>, now: number): string {
  const conditions = systems.map(({ status }) => {
    const words = conditionWords[conditionOf(status, now)]
    return systems.length > 1 ? `${status.name}: ${words}` : words
  })
  return sentences('The status is known again', ...conditions)
}

function changeOf({ status: before }: SystemState, { status: after }: SystemState): string | null {
  if (after.lastRun !== null && after.lastRun.id !== before.lastRun?.id) return endOf(after.lastRun)
  if (after.activeRun !== null && after.activeRun.id !== before.activeRun?.id) return 'Sync started.'
  return null
}

function endOf(run: Run): string {
  if (isFailure(run)) return `Sync failed: ${run.error?.message ?? 'no reason was given'}`
  if (run.status === 'cancelled') return 'Sync cancelled, nothing was changed.'
  if (run.counts === null) return 'Sync finished.'
  const { inserted, updated, deleted, withheld, rejected } = run.counts
  const extra = [
    withheld > 0 ? `${plural(withheld, 'deletion')} held back` : null,
    rejected > 0 ? `${plural(rejected, 'row')} rejected` : null,
  ].filter((part) => part !== null)
  const figures = [
    `${formatCount(inserted)} inserted`,
    `${formatCount(updated)} updated`,
    `${formatCount(deleted)} deleted`,
    ...extra,
  ]
  return `Sync finished: ${figures.join(', ')}.`
}
