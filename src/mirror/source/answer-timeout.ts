import type pg from 'pg'
import { destroySocket } from '../../db/socket.ts'
import { AgentError } from '../../lib/errors.ts'

/** The timeout of an answer, what the source is doing, and the variable that sets the timeout, if any. */
export type AnswerWait = { milliseconds: number; doing: string; variable?: string }

/**
 * Waits for an answer of the source. After the timeout, destroys the socket, because the server may never answer again, and
 * throws `source_timeout`. Before that it checks the socket once more, because this process may have been too busy to read an
 * answer that has arrived. `name` is that of the Client System.
 */
export async function waitForAnswer<T>(
  answer: Promise<T>,
  { milliseconds, doing, variable }: AnswerWait,
  { client, name }: { client: pg.Client; name: string },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let check: NodeJS.Immediate | undefined
  const late = new Promise<never>((_, reject) => {
    const declareTimeout = () => {
      const hint = `Check the network to ${name} and its load${variable ? `, or raise ${variable}` : ''}`
      const message = `${name} was silent for ${milliseconds / 1_000} s while ${doing}`
      reject(new AgentError('source_timeout', message, { hint }))
      destroySocket(client)
    }
    const wait = () => {
      timer = setTimeout(() => {
        const read = bytesRead(client)
        // Sockets are read after timers and before immediates.
        check = setImmediate(() => (bytesRead(client) > read ? wait() : declareTimeout()))
      }, milliseconds)
    }
    wait()
  })
  answer.catch(() => undefined)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    clearImmediate(check)
  }
}

/** Returns the number of bytes that were read from the connection's socket. */
function bytesRead({ connection: { stream } }: pg.Client): number {
  return 'bytesRead' in stream && typeof stream.bytesRead === 'number' ? stream.bytesRead : 0
}
