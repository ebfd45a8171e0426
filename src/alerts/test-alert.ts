import { randomUUID } from 'node:crypto'
import type { Webhook } from '../config/webhook.ts'
import { errorMessage, TooManyRequestsError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { AlertTest, Status } from '../wire/types.ts'
import type { AlertPayload } from './decide.ts'
import { describeStatus, isAccepted, postWebhook } from './webhook.ts'

export type TestAlertOptions = {
  webhook: Webhook | null
  status: () => Promise<Status>
  log: Log
}

/** The shortest time between two test alerts: a second press of the button sends none. */
const minIntervalMs = 5_000

/**
 * Returns a function that sends a test alert to each channel, once, and returns the results. It has the structure of the
 * other alerts, and the state of the first Client System.
 */
export function createTestAlerts({ webhook, status, log }: TestAlertOptions): () => Promise<AlertTest[]> {
  let lastMs = Number.NEGATIVE_INFINITY
  return async () => {
    const waitMs = lastMs + minIntervalMs - performance.now()
    if (waitMs > 0) throw new TooManyRequestsError('A test alert was sent less than 5 s ago', Math.ceil(waitMs / 1_000))
    lastMs = performance.now()
    if (!webhook) return []
    const body = JSON.stringify(toTestPayload(await status()))
    return [await testWebhook(webhook, body, log)]
  }
}

function toTestPayload({ serverTime, clientSystems }: Status): AlertPayload {
  const [system] = clientSystems
  if (!system) throw new Error('no Client System is configured')
  const { id, name, lastSuccess, freshness, meters } = system
  return {
    type: 'meter_sync.test',
    timestamp: serverTime,
    data: { clientSystemId: id, name, run: null, lastSuccessAt: lastSuccess?.finishedAt ?? null, freshness, meters },
  }
}

async function testWebhook(webhook: Webhook, body: string, log: Log): Promise<AlertTest> {
  const about = { channel: 'webhook', receiver: new URL(webhook.url).host } as const
  const id = randomUUID()
  try {
    const status = await postWebhook(webhook, { id, body })
    if (isAccepted(status)) {
      log.info({ webhookId: id, status }, 'a test alert was delivered')
      return { ...about, delivered: true, status, error: null, hint: null }
    }
    log.warn({ webhookId: id, status }, 'a test alert could not be delivered')
    return { ...about, delivered: false, status, error: describeStatus(status), hint: hintFor(status) }
  } catch (err) {
    log.warn({ webhookId: id, err }, 'a test alert could not be delivered')
    return { ...about, delivered: false, status: null, ...describeFailure(err) }
  }
}

function hintFor(status: number): string {
  if (status < 400) return 'Set WEBHOOK_URL to the address that it redirects to'
  if (status === 404 || status === 410) return 'Check the path of WEBHOOK_URL'
  if (status < 500) return 'Check that WEBHOOK_SECRET is the secret of the receiver, and WEBHOOK_URL its address'
  return 'Look for the error in the log of the receiver'
}

function describeFailure(err: unknown): Pick<AlertTest, 'error' | 'hint'> {
  const hint = 'Check WEBHOOK_URL, that its receiver is running, and that this machine reaches it'
  if (err instanceof Error && err.name === 'TimeoutError')
    return { error: 'the receiver did not answer within 10 s', hint }
  // Node.js reports every error of the network as "fetch failed", with the reason as its cause.
  return { error: errorMessage(err instanceof TypeError && err.cause ? err.cause : err), hint }
}
