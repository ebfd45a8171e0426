/**
 * The condition of a Client System: derived here for the page, the command line, the API and assistants, so that they
 * never disagree. Pure, and the one module of the server that the page's bundle holds.
 */
import { rejectionWords, withheldWords } from './reason-words.ts'
import type { ClientSystemStatus, Condition, Run } from './types.ts'

export type { Condition }

/** What the condition is derived from. */
type Basis = Omit<ClientSystemStatus, 'condition'>

/** A run that is queued for longer is waiting for a worker that may not come. */
const waitingAfterMs = 30_000

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

/**
 * The condition at a time of the server, in milliseconds. What is happening comes before what went wrong, and that before
 * what is old.
 */
export function conditionOf(status: Basis, now: number): Condition {
  const run = status.activeRun
  if (run?.status === 'running') return 'running'
  if (run !== null && status.workers === 0) return 'no-worker'
  if (run !== null) return now - Date.parse(run.queuedAt) > waitingAfterMs ? 'waiting' : 'queued'
  return settledCondition(status)
}

/** The condition apart from a run that is under way: a failure is not forgotten while it is retried. */
export function settledCondition(status: Basis): Condition {
  const { lastSuccess, freshness } = status
  if (standingFailure(status) !== null) return 'failed'
  if (lastSuccess === null || freshness === 'never') return 'never'
  if (freshness === 'stale') return 'stale'
  const withheld = lastSuccess.counts?.withheld ?? 0
  if (withheld > 0 && !isKept(status)) return 'held-back'
  if ((lastSuccess.counts?.rejected ?? 0) > 0) return 'rejected'
  return withheld > 0 ? 'kept' : 'in-sync'
}

/** True while a person keeps the deletions that the last success held back. */
export function isKept({ keptDeletions, lastSuccess }: Pick<Basis, 'keptDeletions' | 'lastSuccess'>): boolean {
  return keptDeletions !== null && keptDeletions.digest === lastSuccess?.withheldDigest
}

/**
 * The latest failure, unless a success has followed it. A cancelled run changes nothing about it: the failure stands until
 * a sync succeeds.
 */
export function standingFailure({
  lastRun,
  lastFailure,
  lastSuccess,
}: Pick<Basis, 'lastRun' | 'lastFailure' | 'lastSuccess'>): Run | null {
  const stands = (run: Run | null) => run !== null && isFailure(run) && run.revision > (lastSuccess?.revision ?? -1)
  return [lastRun, lastFailure].find(stands) ?? null
}

/** True when the run ended in a way that someone has to look at; a cancelled run did what was asked. */
export function isFailure({ status }: Pick<Run, 'status'>): boolean {
  return status === 'failed' || status === 'interrupted'
}

/** What the condition means, with its numbers, and what to do next; null when there is nothing to do. */
export function verdictOf(
  status: ClientSystemStatus,
  condition: Condition,
): { explanation: string; nextStep: string | null } {
  const { lastSuccess } = status
  const counts = lastSuccess?.counts
  switch (condition) {
    case 'running':
      return status.workers === 0
        ? {
            explanation: 'A sync is running, but its worker has not been heard from for 10 s.',
            nextStep: 'Check that the process of the worker is running and reaches the Sync database.',
          }
        : { explanation: 'A sync is running.', nextStep: 'Wait until it has ended.' }
    case 'queued':
      return { explanation: 'A sync is queued; a worker takes it in a moment.', nextStep: 'Wait until it has ended.' }
    case 'waiting':
      return {
        explanation: 'No worker has taken the queued sync for more than 30 s.',
        nextStep: 'Check that an agent with ROLE=all or ROLE=worker is running.',
      }
    case 'no-worker':
      return {
        explanation: 'The sync is queued, and no worker that could take it is running.',
        nextStep: 'Start an agent with ROLE=all or ROLE=worker.',
      }
    case 'failed': {
      const error = standingFailure(status)?.error
      const streak = (status.failures?.count ?? 1) > 1 ? ` ${status.failures?.count} syncs in a row have failed.` : ''
      return {
        explanation: `${error?.message ?? 'The last sync did not succeed'}.${streak} The meters are as they were at the last success.`,
        nextStep: error?.hint ?? 'Look at the error of the last run.',
      }
    }
    case 'held-back':
      return {
        explanation: `${count(counts?.withheld, 'deletion')} held back because ${lastSuccess?.withheldBecause ? withheldWords(lastSuccess.withheldBecause) : 'they look like an accident'}. Everything else is in sync with the Client System.`,
        nextStep: 'Look at the meters in question. A person approves their deletion on the page or the command line.',
      }
    case 'rejected': {
      const { reason = null, example = null } = lastSuccess?.rejectedBecause ?? {}
      const because = reason === null ? '' : `, most often because ${rejectionWords(reason)}`
      const such = example === null ? '' : ` (for example external id ${example})`
      return {
        explanation: `${count(counts?.rejected, 'row')} of ${counts?.read ?? 0} could not be used${because}${such}. Everything else is in sync with the Client System.`,
        nextStep: 'Correct the rows in the Client System, or leave them out with CLIENT_SYSTEM_QUERY.',
      }
    }
    case 'stale':
      return {
        explanation: 'No sync has succeeded for longer than the schedule allows. The meters may have changed since.',
        nextStep: 'Check that a worker is running, and start a sync.',
      }
    case 'never':
      return {
        explanation: 'The Sync database has not been filled from this Client System.',
        nextStep: 'Start a sync, or wait for the next one.',
      }
    case 'kept':
      return {
        explanation: `${count(counts?.withheld, 'deletion')} held back and kept for now${status.keptDeletions === null ? '' : `: ${status.keptDeletions.note}`}. Everything else is in sync with the Client System.`,
        nextStep: null,
      }
    case 'in-sync':
      return { explanation: 'The Sync database holds what the Client System holds.', nextStep: null }
  }
}

function count(number: number | undefined, noun: string): string {
  return `${(number ?? 0).toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
