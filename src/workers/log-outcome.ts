import type { Log } from '../lib/log.ts'
import type { Outcome } from '../mirror/run.ts'
import { readReasonWords, rejectionWords, withheldWords } from '../wire/reason-words.ts'
import type { Run, Trigger } from '../wire/types.ts'

/** Logs how a run ended, as its worker knows it. For an outcome `ended`, call `logEndedElsewhere` instead. */
export function logOutcome(log: Log, run: Run, outcome: Exclude<Outcome, { status: 'ended' }>): void {
  const about = { runId: run.id, clientSystem: run.clientSystemId, trigger: run.trigger }
  if (outcome.status === 'succeeded') logSuccess(log, about, outcome)
  else {
    const { code, message, hint } = outcome.error
    log.error({ ...about, code, error: message, hint, err: outcome.cause }, 'meter sync failed')
  }
}

type About = { runId: string; clientSystem: string; trigger: Trigger }

function logSuccess(log: Log, about: About, { result, verdict }: Extract<Outcome, { status: 'succeeded' }>): void {
  const { counts, readMode, readReason, timings, rejectedBecause, baseline } = result
  const durationMs = Object.values(timings).reduce((sum, milliseconds) => sum + milliseconds, 0)
  log.info(
    { ...about, ...counts, readMode, ...(readReason && { readReason: readReasonWords(readReason) }), durationMs },
    'meter sync succeeded',
  )
  if (verdict.deletions === 'withhold') {
    const { reason, hint } = verdict
    log.warn({ ...about, withheld: counts.withheld, reason: withheldWords(reason), hint }, 'deletions withheld')
  }
  const { sameMetersAs } = baseline
  if (sameMetersAs !== null && readMode === 'full') {
    const hint = `If CLIENT_SYSTEM_ID was changed, set it back to ${sameMetersAs}: its meters hold the readings so far`
    log.warn({ ...about, sameMetersAs, hint }, 'an older Client System has the same meters')
  }
  if (rejectedBecause) {
    const { reason, example } = rejectedBecause
    const hint = 'Correct the rows in the Client System; the rejected rows of the run list them'
    log.warn({ ...about, rejected: counts.rejected, reason: rejectionWords(reason), example, hint }, 'rows rejected')
  }
}

/** Logs how a run ended, by its row: another process ended it, or the answer to its COMMIT was lost. */
export function logEndedElsewhere(log: Log, run: Run | null): void {
  const about = { runId: run?.id, clientSystem: run?.clientSystemId, trigger: run?.trigger, code: run?.error?.code }
  if (run?.status === 'succeeded') log.info({ ...about, ...run.counts, readMode: run.readMode }, 'meter sync succeeded')
  else log.warn({ ...about, status: run?.status }, 'meter sync ended elsewhere')
}
