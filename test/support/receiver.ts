import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import type { AlertPayload } from '../../src/alerts/decide.ts'
import type { Environment } from '../../src/config/environment.ts'
import { type Database, eventually } from './world.ts'

/** One attempt to deliver an alert. */
export type Attempt = { id: string; userAgent: string | undefined; body: string; payload: AlertPayload }

export type Receiver = AsyncDisposable & {
  url: string
  /** All attempts in order. Their signatures are valid. */
  attempts: Attempt[]
  /** The statuses of the next answers, in order; then 200. */
  answers: ((response: ServerResponse, request: IncomingMessage) => void)[]
  /** The types of the alerts, each alert once. */
  types: () => string[]
  /** Waits until this number of different alerts has arrived. */
  received: (count: number, milliseconds?: number) => Promise<Attempt[]>
}

export const webhookSecret = `whsec_${Buffer.from('a key that is 32 bytes in length').toString('base64')}`

/** Returns the settings of an agent that sends its alerts to this receiver. */
export function webhookEnvironment({ url }: Pick<Receiver, 'url'>): Environment {
  return { WEBHOOK_URL: url, WEBHOOK_SECRET: webhookSecret }
}

/** Makes the runs of an agent fail: the table of the Client System is missing until `mendSource`. */
export async function breakSource(source: Database): Promise<void> {
  await source.query('alter table meter rename to missing_meter')
}

export async function mendSource(source: Database): Promise<void> {
  await source.query('alter table missing_meter rename to meter')
}

/** Opens a receiver of alerts that verifies signatures with the library of Standard Webhooks. An invalid one gets a 400. */
export async function openReceiver(): Promise<Receiver> {
  const verifier = new Webhook(webhookSecret)
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    try {
      verifier.verify(body, headers)
    } catch {
      response.writeHead(400).end()
      return
    }
    receiver.attempts.push({
      id: headers['webhook-id'] ?? '',
      userAgent: headers['user-agent'],
      body,
      payload: JSON.parse(body),
    })
    const answer = receiver.answers.shift()
    if (answer) answer(response, request)
    else response.writeHead(200).end('thanks')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const different = () => [...new Map(receiver.attempts.toReversed().map((one) => [one.id, one])).values()].toReversed()
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/alerts/receiver-token`,
    attempts: [],
    answers: [],
    types: () => different().map(({ payload }) => payload.type),
    received: (count, milliseconds = 20_000) =>
      eventually(async () => different().length >= count && different(), milliseconds),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return receiver
}
