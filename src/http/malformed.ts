import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { AgentError, errorCode } from '../lib/errors.ts'
import { describeProblem } from './problems.ts'

/** How long a client may take to close. A client that never closes would keep the file descriptor. */
const closeTimeoutMs = 1_000

/**
 * Answers requests that are not HTTP or did not arrive in time, which no route sees, with a problem (F24). A connection with
 * an unfinished answer is closed instead, because the problem would be written into that answer.
 */
export function answerMalformed(server: Server): void {
  const answering = new Map<Duplex, ServerResponse>()
  server.on('request', ({ socket }, response) => {
    answering.set(socket, response)
    response.once('close', () => {
      if (answering.get(socket) === response) answering.delete(socket)
    })
  })
  server.on('clientError', (error, socket) => {
    if (!socket.writable || answering.get(socket)?.headersSent) socket.destroy()
    else answer(error, socket)
  })
}

function answer(error: Error, socket: Duplex): void {
  const problem = describeProblem(toAgentError(error))
  const body = JSON.stringify(problem)
  const lines = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), closeTimeoutMs)
  socket.once('close', () => clearTimeout(timer))
}

function toAgentError(error: Error): AgentError {
  const code = errorCode(error)
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AgentError('request_timeout', 'The request took too long to arrive', {
      hint: 'Send the whole request at once',
    })
  }
  const what = code === 'HPE_HEADER_OVERFLOW' ? 'The headers are larger than 16 kB' : 'The request is not HTTP'
  return new AgentError('bad_request', what, { hint: 'Correct the request and send it again', cause: error })
}
