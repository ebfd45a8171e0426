import { errorMessage } from '../lib/errors.ts'
import { createStack, type Stack } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { exitStatus } from './exit-status.ts'
import { printError } from './output.ts'

/** The maximum time of an orderly shutdown. After it the process exits at once. */
const shutdownTimeoutMs = 9_500

export type ProcessContext = {
  /** Aborts when the process should stop: at SIGINT or SIGTERM, after an internal error, or when stdout is closed. */
  signal: AbortSignal
  /** Resolves when `signal` aborts. */
  ended: Promise<void>
  /** Stops the process because of an internal error. */
  fail: (error: unknown) => void
  /** The parts that are stopped at the end. */
  parts: Stack
  /** The log for messages about the end; set when it exists. */
  log?: Log
}

/** Aborts when stdout has no reader any more. */
const stdoutClosed = new AbortController()

/** Handles errors of stdout, such as a closed pipe: reports it once and sets the exit status. */
export function watchStdout(): void {
  process.stdout.on('error', (error) => {
    if (stdoutClosed.signal.aborted) return
    printError(`Standard output is closed: ${errorMessage(error)}`)
    process.exitCode = exitStatus.output
    stdoutClosed.abort()
  })
}

/**
 * Runs `work` until it returns or the process should stop, then stops what was started. Returns the exit status of `work`,
 * or 1 after an internal error.
 */
export async function runUntilStopped(work: (context: ProcessContext) => Promise<number>): Promise<number> {
  const stopping = new AbortController()
  let failure: unknown = null
  const ended = new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()))
  const fail = (error: unknown) => {
    failure = error
    stopping.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
  stdoutClosed.signal.addEventListener('abort', () => stopping.abort())
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)

  const context: ProcessContext = { signal: stopping.signal, ended, fail, parts: createStack() }
  // The time counts from the signal, because a part that is still starting may be what hangs.
  stopping.signal.addEventListener('abort', () => void setTimeout(() => exitAtOnce(context), shutdownTimeoutMs).unref())
  let code: number = exitStatus.done
  try {
    code = await work(context)
  } catch (error) {
    // After a stop was requested, errors of what is being stopped are expected.
    if (!stopping.signal.aborted) throw error
  } finally {
    const { log, parts } = context
    const requested = stopping.signal.aborted
    stopping.abort()
    if (failure !== null) log?.fatal({ err: failure }, 'internal error; shutting down')
    else log?.info('meter sync agent is shutting down')
    await parts.stop()
    // A connection to a server that does not respond must not keep the process alive.
    if (requested) setTimeout(() => process.exit(), 250).unref()
  }
  context.log?.info('meter sync agent has stopped')
  return failure === null ? code : exitStatus.failed
}

function exitAtOnce({ log }: ProcessContext): void {
  log?.error('shutdown timed out; exiting')
  process.exit(exitStatus.failed)
}
