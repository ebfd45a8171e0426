/**
 * Derives the condition of a Client System from its status. Page, command line, API and assistants use this module, so that
 * they never disagree. The bundle of the page contains it.
 */
import { rejectionWords, withheldWords } from './reason-words.ts'
import type { ClientSystemStatus, Condition, Run } from './types.ts'

export type { Condition }

/** The fields that the condition is derived from. */
type Fields = Omit<ClientSystemStatus, 'condition'>

/** A run that is queued for longer has probably no worker that takes it. */
const waitingAfterMs = 30_000

/** The headline of each condition. */
export const conditionWords: Record<Condition, string> = {
  running: 'Sync in progress',
  queued: 'Sync is queued',
  waiting: 'Waiting for a worker',
  'no-worker': 'Queued, no worker is running',
  failed: 'Last sync failed',
  'held-back': 'Deletions held back',
  rejected: 'Rows rejected',
  stale: 'Out of date',
  never: 'Not synced yet',
  kept: 'In sync, except kept meters',
  'in-sync': 'In sync',
}

/** Returns the condition at `now`, the server's time in milliseconds. An active run comes before any other condition. */
export function conditionOf(status: Fields, now: number): Condition {
  const run = status.activeRun
  if (run?.status === 'running') return 'running'
  if (run !== null && status.workers === 0) return 'no-worker'
  if (run !== null) return now - Date.parse(run.queuedAt) > waitingAfterMs ? 'waiting' : 'queued'
  return settledCondition(status)
}

/** Returns the condition apart from an active run, so that a failure stays visible while a run retries it. */
export function settledCondition(status: Fields): Condition {
  const { lastSuccess, freshness } = status
  if (standingFailure(status) !== null) return 'failed'
  if (lastSuccess === null || freshness === 'never') return 'never'
  if (freshness === 'stale') return 'stale'
  const withheld = lastSuccess.counts?.withheld ?? 0
  if (withheld > 0 && !isKept(status)) return 'held-back'
  if ((lastSuccess.counts?.rejected ?? 0) > 0) return 'rejected'
  return withheld > 0 ? 'kept' : 'in-sync'
}

/** Returns true while a person keeps the deletions that the last success held back. */
export function isKept({ keptDeletions, lastSuccess }: Pick<Fields, 'keptDeletions' | 'lastSuccess'>): boolean {
  return keptDeletions !== null && keptDeletions.digest === lastSuccess?.withheldDigest
}

/** Returns the latest failure unless a success followed it. A cancelled run does not resolve a failure. */
export function standingFailure({
  lastRun,
  lastFailure,
  lastSuccess,
}: Pick<Fields, 'lastRun' | 'lastFailure' | 'lastSuccess'>): Run | null {
  const stands = (run: Run | null) => run !== null && isFailure(run) && run.revision > (lastSuccess?.revision ?? -1)
  return [lastRun, lastFailure].find(stands) ?? null
}

/** Returns true when the run failed or was interrupted. A cancelled run is not a failure. */
export function isFailure({ status }: Pick<Run, 'status'>): boolean {
  return status === 'failed' || status === 'interrupted'
}

/** `nextStep` is null when there is nothing to do. */
type Verdict = { explanation: string; nextStep: string | null }

/** Explains the condition with its numbers, and says what to do next. */
export function verdictOf(status: ClientSystemStatus, condition: Condition): Verdict {
  return verdicts[condition](status)
}

const othersInSync = 'Everything else is in sync with the Client System.'

const verdicts: Record<Condition, (status: ClientSystemStatus) => Verdict> = {
  running: ({ workers }) =>
    workers === 0
      ? {
          explanation: 'A sync is running, but its worker has not reported for 10 s.',
          nextStep: 'Check that the process of the worker is running and reaches the Sync database.',
        }
      : { explanation: 'A sync is running.', nextStep: 'Wait until it has ended.' },
  queued: () => ({
    explanation: 'A sync is queued, and a worker will take it in a moment.',
    nextStep: 'Wait until it has ended.',
  }),
  waiting: () => ({
    explanation: 'No worker has taken the queued sync for more than 30 s.',
    nextStep: 'Check that an agent with ROLE=all or ROLE=worker is running.',
  }),
  'no-worker': () => ({
    explanation: 'The sync is queued, and no worker that could take it is running.',
    nextStep: 'Start an agent with ROLE=all or ROLE=worker.',
  }),
  failed: (status) => {
    const error = standingFailure(status)?.error
    const failures = status.failures?.count ?? 1
    const streak = failures > 1 ? ` ${failures} syncs in a row have failed.` : ''
    return {
      explanation: `${error?.message ?? 'The last sync did not succeed'}.${streak} The meters are as they were at the last success.`,
      nextStep: error?.hint ?? 'Look at the error of the last run.',
    }
  },
  'held-back': ({ lastSuccess }) => {
    const because = withheldWords(lastSuccess?.withheldBecause ?? null)
    return {
      explanation: `${count(lastSuccess?.counts?.withheld, 'deletion')} held back because ${because}. ${othersInSync}`,
      nextStep: 'Look at these meters. A person approves their deletion on the page or the command line.',
    }
  },
  rejected: ({ lastSuccess }) => {
    const { reason = null, example = null } = lastSuccess?.rejectedBecause ?? {}
    const { rejected, read = 0 } = lastSuccess?.counts ?? {}
    const because = reason === null ? '' : `, most often because ${rejectionWords(reason)}`
    const such = example === null ? '' : ` (for example external id ${example})`
    return {
      explanation: `${count(rejected, 'row')} of ${read} could not be used${because}${such}. ${othersInSync}`,
      nextStep: 'Correct the rows in the Client System, or leave them out with CLIENT_SYSTEM_QUERY.',
    }
  },
  stale: () => ({
    explanation: 'A successful sync is overdue. The meters may have changed since.',
    nextStep: 'Check that a worker is running, and start a sync.',
  }),
  never: () => ({
    explanation: 'The Sync database has not been filled from this Client System.',
    nextStep: 'Start a sync, or wait for the next one.',
  }),
  kept: ({ lastSuccess, keptDeletions }) => {
    const note = keptDeletions === null ? '' : `: ${keptDeletions.note}`
    return {
      explanation: `${count(lastSuccess?.counts?.withheld, 'deletion')} held back and kept for now${note}. ${othersInSync}`,
      nextStep: null,
    }
  },
  'in-sync': () => ({ explanation: 'The Sync database holds what the Client System holds.', nextStep: null }),
}

function count(number: number | undefined, noun: string): string {
  return `${(number ?? 0).toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
