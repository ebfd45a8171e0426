import type pg from 'pg'
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import type { Webhook } from '../config/webhook.ts'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { type Delivery, enqueueAlerts, webhookQueue } from './enqueue.ts'
import { describeStatus, isAccepted, postWebhook } from './webhook.ts'

/** Decides which alerts are due, and sends them to a receiver by Standard Webhooks (decide.ts lists them). */
export type Webhooks = Lifetime & {
  /** Requests that it is decided which alerts are due. Call it when a run has ended. */
  check: () => void
}

export type WebhooksOptions = {
  webhook: Webhook
  pool: pg.Pool
  boss: PgBoss
  clientSystems: readonly ClientSystem[]
  log: Log
}

/** Stale meters cause no notification, and the notification of a run can be lost; so alerts are also decided regularly. */
const checkIntervalMs = 30_000

/** Retries after 5 s, then after twice the time up to an hour, for about a day. */
const retries = { retryLimit: 32, retryDelay: 5, retryBackoff: true, retryDelayMax: 3_600 }

/** Starts to decide and deliver alerts. Deliveries end when pg-boss stops. */
export async function startWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const { boss, clientSystems, log } = options
  const settings = { ...retries, expireInSeconds: 60, notify: true }
  for (const { id } of clientSystems) {
    await boss.createQueue(webhookQueue(id), settings)
    await boss.updateQueue(webhookQueue(id), settings)
    await boss.work(
      webhookQueue(id),
      { includeMetadata: true, notifyPollingIntervalSeconds: 2 },
      async (jobs: JobWithMetadata<Delivery>[]) => {
        for (const job of jobs) await deliver(job, options)
      },
    )
  }

  const loop = startLoop({
    pass: async () => {
      for (const clientSystem of clientSystems) await enqueueAlerts(clientSystem, options)
    },
    everyMs: checkIntervalMs,
    retryMs: 5_000,
    onError: (err, { repeated }) => {
      if (!repeated) log.warn({ err }, 'alerts could not be decided; retrying')
    },
  })
  loop.requestPass()
  return withLifetime({ check: loop.requestPass }, loop.stop)
}

/** Makes one attempt to deliver an alert. Throws when the queue must retry. */
async function deliver(
  job: JobWithMetadata<Delivery>,
  { webhook, log }: Pick<WebhooksOptions, 'webhook' | 'log'>,
): Promise<void> {
  const about = { webhookId: job.id, attempt: job.retryCount + 1 }
  try {
    const status = await postWebhook(webhook, { id: job.id, body: job.data.body, signal: job.signal })
    if (isAccepted(status)) return log.info({ ...about, status }, 'an alert was delivered')
    if (status === 410) return log.error({ ...about, status, hint: goneHint }, 'the receiver no longer accepts alerts')
    throw new Error(describeStatus(status))
  } catch (err) {
    const last = job.retryCount >= job.retryLimit
    if (last) log.error({ ...about, err, hint: givenUpHint }, 'an alert could not be delivered; no more retries')
    else log.warn({ ...about, err }, 'an alert could not be delivered; retrying')
    throw err
  }
}

const goneHint = 'Correct WEBHOOK_URL, or remove it: the receiver answered 410 Gone'
const givenUpHint = 'Check WEBHOOK_URL and its receiver; later alerts are sent as usual'
