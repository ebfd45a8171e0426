import { AgentError } from '../lib/errors.ts'
import type { Run } from './types.ts'

/** A request that the state of a run does not allow. Answers over HTTP and to assistants carry the run. */
export class RunStateError extends AgentError<'run_active' | 'run_finished'> {
  readonly run: Run

  constructor(code: 'run_active' | 'run_finished', message: string, { hint, run }: { hint: string; run: Run }) {
    super(code, message, { hint })
    this.run = run
  }
}

/** Returns the error for a sync or a preview that was requested while a run is active. */
export function runActiveError(run: Run, hint: string): RunStateError {
  return new RunStateError('run_active', 'A sync of this Client System is active', { hint, run })
}

/** Returns the error for cancelling a run that has finished. */
export function runFinishedError(run: Run, hint: string): RunStateError {
  return new RunStateError('run_finished', `The run has already ended as ${run.status}`, { hint, run })
}
