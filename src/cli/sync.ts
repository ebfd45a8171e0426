import type { Agent } from '../agent.ts'
import { withheldWords } from '../wire/reason-words.ts'
import type { Counts, Run } from '../wire/types.ts'
import { printApproval, printRejected, summarizeCounts } from './counts.ts'
import { exitStatus } from './exit-status.ts'
import { formatCount, print, printError, printJson } from './output.ts'
import { createProgressPrinter, type ProgressPrinter } from './progress.ts'
import { currentUser } from './user.ts'

export type SyncRequest = {
  clientSystemId: string | null
  full: boolean
  approveDeletes: number | null
  approveDigest: string | null
}

/** A run that is still queued after this time has no worker. */
const queuedTimeoutMs = 30_000

/**
 * Starts a run, prints its progress and returns the exit status when it has ended. When `signal` aborts, the command ends
 * and the run continues.
 */
export async function sync(
  agent: Agent,
  { request, json }: { request: SyncRequest; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  const { run: requested, created } = await agent.trigger({ ...request, trigger: 'cli', requestedBy: currentUser() })
  if (!created) {
    if (json) printJson(requested)
    printError(`A sync of this Client System is active: run ${requested.id}, ${requested.phase ?? requested.status}`)
    printError('Try again when it has ended; meter-sync-agent status shows it')
    return exitStatus.busy
  }
  const progress = json ? null : createProgressPrinter()
  const run = await follow(agent, requested, progress, signal)
  progress?.clear()
  if (json) printJson(run)
  if (run.status === 'succeeded' && run.counts) {
    if (!json) printSuccess(run, run.counts)
    return exitStatus.done
  }
  if (run.status === 'queued' && !signal.aborted) {
    printError(`No worker has started run ${run.id}; it stays queued`)
    printError('Start a worker: meter-sync-agent serve')
  } else if (run.finishedAt === null) {
    printError(`Run ${run.id} continues without this command`)
    printError('meter-sync-agent status shows it')
  } else {
    const outcome = run.status === 'failed' ? 'failed' : `was ${run.status}`
    printError(`The sync ${outcome}: ${run.error?.message ?? 'no reason is known'}`)
    if (run.error?.hint) printError(run.error.hint)
  }
  return exitStatus.failed
}

/**
 * Waits for the end of a run and returns its latest state. The run is not finished when no worker started it in time, or
 * when `signal` aborted.
 */
async function follow(
  agent: Agent,
  requested: Run,
  progress: ProgressPrinter | null,
  signal: AbortSignal,
): Promise<Run> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let latest = requested
  const update = (run: Run) => {
    if (run.id !== requested.id || (run !== requested && run.revision <= latest.revision)) return
    latest = run
    if (run.status !== 'queued') clearTimeout(queuedTimer)
    if (run.finishedAt !== null) end()
    else progress?.run(run)
  }
  const refresh = () => void agent.run(requested.id).then(update, () => undefined)
  const queuedTimer = setTimeout(end, queuedTimeoutMs)
  const unsubscribe = agent.subscribe((event) => {
    if (event.type === 'run') update(event.run)
    // A status follows every reconnect. Events of the run may have been lost before it.
    else if (event.type === 'status') refresh()
    else if (event.type === 'progress' && event.progress.runId === requested.id) progress?.progress(event.progress)
  })
  const abort = () => end()
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    update(requested)
    refresh()
    await ended
    return latest
  } finally {
    unsubscribe()
    clearTimeout(queuedTimer)
    signal.removeEventListener('abort', abort)
  }
}

function printSuccess(run: Run, counts: Counts): void {
  const { proof, withheldBecause, withheldDigest, rejectedBecause } = run
  print(`Synced: ${summarizeCounts(counts)}`)
  const durationMs = Object.values(run.timings ?? {}).reduce((sum, milliseconds) => sum + milliseconds, 0)
  const proven = proof === null ? '' : `, both sides equal: ${formatCount(proof.rows, 'meter')}, digest ${proof.digest}`
  print(`Took ${(durationMs / 1_000).toFixed(1)} s${proven}`)
  printRejected(counts, rejectedBecause)
  if (counts.withheld > 0) {
    print(`Held back: ${formatCount(counts.withheld, 'deletion')}, because ${withheldWords(withheldBecause)}`)
  }
  printApproval(counts, withheldDigest)
}
