import type { ClientSystemStatus, Counts, Progress, Run, RunError, Status } from '../../src/wire/types.ts'
import type { History } from '../../web/src/data/run-list.ts'
import { initialState, reduce, type State, type SystemState } from '../../web/src/data/state.ts'

/** Everything in these samples happens at, or a whole number of seconds after, this moment. */
export const noon = Date.parse('2026-03-05T12:00:00.000Z')

/** The ISO text of the moment that many seconds after noon. */
export function at(seconds: number): string {
  return new Date(noon + seconds * 1000).toISOString()
}

export function counts(some: Partial<Counts> = {}): Counts {
  return { read: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, restored: 0, deleted: 0, withheld: 0, ...some }
}

/** Run number `number` of its Client System: queued that many minutes after noon. */
function run(number: number, revision: number, some: Partial<Run>): Run {
  return {
    id: `run-${number}`,
    clientSystemId: 'main',
    trigger: 'schedule',
    requestedBy: null,
    approveDeletes: null,
    approveDigest: null,
    status: 'queued',
    phase: null,
    queuedAt: at(number * 60),
    startedAt: null,
    finishedAt: null,
    counts: null,
    error: null,
    readMode: null,
    readReason: null,
    withheldBecause: null,
    withheldDigest: null,
    rejectedBecause: null,
    proof: null,
    bytesRead: null,
    timings: null,
    revision,
    ...some,
  }
}

export function queued(number: number, revision: number, some: Partial<Run> = {}): Run {
  return run(number, revision, some)
}

export function running(number: number, revision: number, some: Partial<Run> = {}): Run {
  return run(number, revision, { status: 'running', phase: 'reading', startedAt: at(number * 60 + 1), ...some })
}

export function succeeded(number: number, revision: number, some: Partial<Run> = {}): Run {
  return ended(number, revision, { status: 'succeeded', counts: counts(), ...some })
}

const unreachable: RunError = {
  code: 'source_unreachable',
  message: 'Cannot connect to the Client System',
  hint: 'Check CLIENT_SYSTEM_URL and the network',
}

export function failed(number: number, revision: number, some: Partial<Run> = {}): Run {
  return ended(number, revision, { status: 'failed', error: unreachable, ...some })
}

export function cancelled(number: number, revision: number): Run {
  return ended(number, revision, { status: 'cancelled' })
}

export function interrupted(number: number, revision: number): Run {
  return ended(number, revision, { status: 'interrupted', error: { ...unreachable, code: 'worker_lost' } })
}

function ended(number: number, revision: number, some: Partial<Run>): Run {
  return run(number, revision, { startedAt: at(number * 60 + 1), finishedAt: at(number * 60 + 5), ...some })
}

export function clientSystem(some: Partial<ClientSystemStatus> = {}): ClientSystemStatus {
  return {
    id: 'main',
    name: 'North',
    condition: 'never',
    insecure: false,
    schedule: { cron: '0 * * * *', timeZone: 'UTC', nextRunAt: at(3600) },
    meters: { total: 10, active: 8, inactive: 2 },
    sameMetersAs: null,
    activeRun: null,
    lastRun: null,
    lastSuccess: null,
    lastFailure: null,
    failures: null,
    keptDeletions: null,
    workers: 1,
    freshness: 'never',
    ...some,
  }
}

/** The status of a Client System of which this success is the last thing that happened. */
export function inSync(success: Run): ClientSystemStatus {
  return clientSystem({ lastRun: success, lastSuccess: success, freshness: 'fresh' })
}

export function statusOf(...clientSystems: ClientSystemStatus[]): Status {
  return { serverTime: at(0), version: '1.2.3', demonstration: false, clientSystems }
}

export function progressOf(run: Run, rowsRead = 100, some: Partial<Progress> = {}): Progress {
  return {
    runId: run.id,
    clientSystemId: run.clientSystemId,
    phase: 'reading',
    step: 'meters',
    rowsRead,
    rowsExpected: 1000,
    bytesRead: rowsRead * 50,
    ...some,
  }
}

/** The state of the page after the stream was opened and sent these Client Systems. */
export function live(...clientSystems: ClientSystemStatus[]): State {
  return receiveStatus(initialState, statusOf(...clientSystems))
}

/** The state after a status arrived by the stream. */
export function receiveStatus(state: State, status: Status): State {
  return reduce(state, { type: 'status', status, at: noon, from: 'stream' })
}

/** The state after a status was requested. */
export function pollStatus(state: State, status: Status): State {
  return reduce(state, { type: 'status', status, at: noon, from: 'poll' })
}

export function receiveProgress(state: State, progress: Progress): State {
  return reduce(state, { type: 'progress', progress, at: noon })
}

export function loseConnection(state: State): State {
  return reduce(state, { type: 'lost' })
}

/** The state after these runs arrived by the stream, in this order. */
export function receiveRuns(state: State, ...runs: Run[]): State {
  return runs.reduce((before, run) => reduce(before, { type: 'run', run, at: noon }), state)
}

/** What the state knows of one Client System. */
export function systemOf(state: State, id = 'main'): SystemState {
  const system = state.systems.find((s) => s.status.id === id)
  if (system === undefined) throw new Error(`The state knows no Client System ${id}`)
  return system
}

export function idsOf(history: History): string[] {
  return history.runs.map((run) => run.id)
}
