import type pg from 'pg'
import { notify } from '../db/notices.ts'
import { transaction } from '../db/pool.ts'
import type { Log } from '../lib/log.ts'
import { unlessAborted } from '../lib/timeout.ts'
import { type RunRef, recordPhase } from '../runs/store.ts'
import type { Phase, Progress, ReadStep, Run } from '../wire/types.ts'

/** Follows a run through its phases: marks them, times them, and reports the progress. */
export type Phases = Disposable & {
  enter: (phase: Phase) => Promise<void>
  /** Records what is read from now on, and how many rows are expected. */
  step: (step: ReadStep, rowsExpected: number | null) => void
  /** Records how much has been read. A number that is left out stays as it is. */
  progress: (now: { bytesRead?: number; rowsRead?: number }) => void
  /** Returns how the source is read; a read that began as incremental stays one. Null before it is read. */
  readMode: () => Run['readMode']
  /** Returns the milliseconds in each phase so far. */
  timings: () => Partial<Record<Phase, number>>
}

/** Notifications are few, because each takes a lock of the whole server at its commit. */
const progressIntervalMs = 250

export type PhasesOptions = { pool: pg.Pool; run: RunRef; pid: number; signal: AbortSignal; log: Log }

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
  const spent: Partial<Record<Phase, number>> = {}
  let entered = performance.now()
  let sent = ''
  let readMode: Run['readMode'] = null
  let isSending = false

  const account = () => {
    const now = performance.now()
    spent[state.phase] = Math.round((spent[state.phase] ?? 0) + now - entered)
    entered = now
  }
  const sendProgress = async () => {
    if (isSending) return
    isSending = true
    try {
      const { step } = state
      const copied = state.phase === 'reading' ? await copiedRows(pool, pid) : 0
      // A count of the previous step does not belong to this one, which begins at zero.
      if (state.step === step) state.rowsRead = Math.max(state.rowsRead, copied)
      const text = JSON.stringify(state)
      if (text !== sent) await notify(pool, { type: 'progress', ...state })
      sent = text
    } catch (err) {
      log.debug({ err }, 'the progress of a run could not be sent')
    } finally {
      isSending = false
    }
  }
  const timer = setInterval(sendProgress, progressIntervalMs)
  return {
    enter: async (phase) => {
      account()
      state.phase = phase
      if (phase !== 'reading') state.step = null
      const marked = transaction(pool, (db) => recordPhase(db, run, phase))
      await unlessAborted(signal, marked)
    },
    step: (step, rowsExpected) => {
      readMode ??= step === 'digests' ? 'narrow' : 'full'
      Object.assign(state, { step, rowsExpected, rowsRead: 0 })
    },
    progress: (now) => {
      Object.assign(state, now)
    },
    readMode: () => readMode,
    timings: () => {
      account()
      return { ...spent }
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

async function copiedRows(pool: pg.Pool, pid: number): Promise<number> {
  const { rows } = await pool.query<{ tuples_processed: string }>(
    'select tuples_processed from pg_stat_progress_copy where pid = $1',
    [pid],
  )
  return Number(rows[0]?.tuples_processed ?? 0)
}
