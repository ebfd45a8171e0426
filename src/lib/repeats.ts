import { errorMessage } from './errors.ts'

const repeatMs = 10 * 60_000

/**
 * Returns a function that reports an error or warning unless one with its message was reported within ten minutes. During an
 * outage of the Sync database, each part and each queue would otherwise repeat the same error every second. What pg-boss adds
 * to a message in parentheses, the names of queue and worker, does not count.
 */
export function withoutRepeats(report: (event: unknown) => void): (event: unknown) => void {
  const reported = new Map<string, number>()
  return (event) => {
    const now = Date.now()
    for (const [message, at] of reported) if (now - at >= repeatMs) reported.delete(message)
    const message = messageOf(event).replace(/ \(Queue: .*\)$/, '')
    if (reported.has(message)) return
    reported.set(message, now)
    report(event)
  }
}

/** Returns the message of an error, or of a warning of pg-boss, which is an object with a message. */
function messageOf(event: unknown): string {
  const isWarning = typeof event === 'object' && event !== null && !(event instanceof Error) && 'message' in event
  return isWarning ? String(event.message) : errorMessage(event)
}
