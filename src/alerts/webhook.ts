import type { Webhook } from '../config/webhook.ts'
import { version } from '../lib/version.ts'

/** An alert as it is sent: every attempt has the same id and the same bytes. */
export type WebhookMessage = { id: string; body: string; signal?: AbortSignal }

/** The maximum time until a receiver answers. */
const receiverTimeoutMs = 10_000

/**
 * Sends an alert, signed with the time of this attempt. Returns the status; the answer is not read, and a redirect is not
 * followed. Throws when there is no answer.
 */
export async function postWebhook({ url, key }: Webhook, { id, body, signal }: WebhookMessage): Promise<number> {
  const { Webhook: Signer } = await import('standardwebhooks')
  const now = new Date()
  const timeout = AbortSignal.timeout(receiverTimeoutMs)
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': `meter-sync-agent/${version}`,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Signer(key, { format: 'raw' }).sign(id, now, body),
    },
    body,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  })
  await response.body?.cancel()
  return response.status
}

/** Returns true for the HTTP statuses by which a receiver accepts an alert. */
export function isAccepted(status: number): boolean {
  return status >= 200 && status < 300
}

/** Describes an HTTP status by which a receiver does not accept an alert. */
export function describeStatus(status: number): string {
  return `the receiver answered ${status}${status >= 300 && status < 400 ? ', which is not followed' : ''}`
}
