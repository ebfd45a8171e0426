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
  /** What is read now, and how many rows of it are expected. */
  step: (step: ReadStep, rowsExpected: number | null) => void
  /** How much has been read; what is not given stays. */
  progress: (now: { bytesRead?: number; rowsRead?: number }) => void
  /** How the source was asked so far: a read that began narrow counts as that. Null before it was asked. */
  readMode: () => Run['readMode']
  /** Milliseconds in each phase so far. */
  timings: () => Partial<Record<Phase, number>>
}

/** Four times a second at most: a notification takes a lock of the whole server at its commit. */
const interval = 250

export type PhasesOptions = { pool: pg.Pool; run: RunRef; pid: number; signal: AbortSignal; log: Log }

/**
 * All of it goes through `pool`, never through the run's own transaction, whose notifications would arrive only at
 * its end. Rows are counted by the server, in the session `pid`.
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
  let telling = false

  const account = () => {
    const now = performance.now()
    spent[state.phase] = Math.round((spent[state.phase] ?? 0) + now - entered)
    entered = now
  }
  const sendProgress = async () => {
    if (telling) return
    telling = true
    try {
      const { step } = state
      const copied = state.phase === 'reading' ? await copiedRows(pool, pid) : 0
      // Another step counts from zero: what was asked during the one before is not of it.
      if (state.step === step) state.rowsRead = Math.max(state.rowsRead, copied)
      const text = JSON.stringify(state)
      if (text !== sent) await notify(pool, { type: 'progress', ...state })
      sent = text
    } catch (err) {
      log.debug({ err }, 'the progress of a run could not be sent')
    } finally {
      telling = false
    }
  }
  const timer = setInterval(sendProgress, interval)
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
