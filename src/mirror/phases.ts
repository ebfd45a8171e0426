import type pg from 'pg'
import { notify } from '../db/notices.ts'
import { transaction } from '../db/transaction.ts'
import type { Log } from '../lib/log.ts'
import { unlessAborted } from '../lib/timeout.ts'
import { type RunRef, recordPhase } from '../runs/store.ts'
import type { Phase, Progress, ReadStep, Run } from '../wire/types.ts'

/** Follows a run through its phases: records and times them, and reports the progress. */
export type Phases = Disposable & {
  /** Records that the run enters a phase, and times it. */
  enter: (phase: Phase) => Promise<void>
  /** Records what is read from now on, and how many rows are expected. */
  step: (step: ReadStep, rowsExpected: number | null) => void
  /** Records how much has been read. A number that is left out stays as it is. */
  progress: (counts: { bytesRead?: number; rowsRead?: number }) => void
  /** Returns how the source is read; a read that began as incremental stays one. Null before it is read. */
  readMode: () => Run['readMode']
  /** Returns the milliseconds in each phase so far. */
  timings: () => Partial<Record<Phase, number>>
}

export type PhasesOptions = { pool: pg.Pool; run: RunRef; pid: number; signal: AbortSignal; log: Log }

/** Few notifications are sent, because each takes a lock of the whole server at its commit. */
const progressIntervalMs = 250

/**
 * Uses `pool` and never the run's own transaction, whose notifications would arrive only at its end. The server counts the
 * rows that the session `pid` copies.
 */
export function followPhases({ pool, run, pid, signal, log }: PhasesOptions): Phases {
  const state: Progress = {
    runId: run.id,
    clientSystemId: run.clientSystemId,
    phase: 'connecting',
    step: null,
    rowsRead: 0,
    rowsExpected: null,
    bytesRead: 0,
  }
  let readMode: Run['readMode'] = null
  const clock = createPhaseClock(state.phase)
  const sendProgress = createProgressSender(state, { pool, pid, log })
  const timer = setInterval(sendProgress, progressIntervalMs)
  return {
    enter: async (phase) => {
      clock.enter(phase)
      state.phase = phase
      if (phase !== 'reading') state.step = null
      const recorded = transaction(pool, (db) => recordPhase(db, run, phase))
      await unlessAborted(signal, recorded)
    },
    step: (step, rowsExpected) => {
      readMode ??= step === 'digests' ? 'narrow' : 'full'
      Object.assign(state, { step, rowsExpected, rowsRead: 0 })
    },
    progress: (counts) => {
      Object.assign(state, counts)
    },
    readMode: () => readMode,
    timings: clock.timings,
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** Measures the milliseconds in each phase, from `first` on. */
function createPhaseClock(first: Phase): { enter: (phase: Phase) => void; timings: Phases['timings'] } {
  const spent: ReturnType<Phases['timings']> = {}
  let current = first
  let enteredAt = performance.now()
  const enter = (phase: Phase) => {
    const now = performance.now()
    spent[current] = Math.round((spent[current] ?? 0) + now - enteredAt)
    current = phase
    enteredAt = now
  }
  return {
    enter,
    timings: () => {
      enter(current)
      return { ...spent }
    },
  }
}

/** Returns a function that sends the progress when it has changed, and never twice at once. It updates `rowsRead` before. */
function createProgressSender(
  state: Progress,
  { pool, pid, log }: Pick<PhasesOptions, 'pool' | 'pid' | 'log'>,
): () => Promise<void> {
  let lastSent = ''
  let isSending = false
  return async () => {
    if (isSending) return
    isSending = true
    try {
      const { step } = state
      const copied = state.phase === 'reading' ? await countCopiedRows(pool, pid) : 0
      // A count of the previous step does not belong to this one, which begins at zero.
      if (state.step === step) state.rowsRead = Math.max(state.rowsRead, copied)
      const text = JSON.stringify(state)
      if (text !== lastSent) await notify(pool, { type: 'progress', ...state })
      lastSent = text
    } catch (err) {
      log.debug({ err }, 'the progress of a run could not be sent')
    } finally {
      isSending = false
    }
  }
}

async function countCopiedRows(pool: pg.Pool, pid: number): Promise<number> {
  const { rows } = await pool.query<{ tuples_processed: string }>(
    'select tuples_processed from pg_stat_progress_copy where pid = $1',
    [pid],
  )
  return Number(rows[0]?.tuples_processed ?? 0)
}
