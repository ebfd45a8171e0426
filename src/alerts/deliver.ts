import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import { groupCollection } from '../collection/silent.ts'
import { summarizeCollection } from '../collection/summary.ts'
import type { ClientSystem } from '../config/environment.ts'
import type { Webhook } from '../config/webhook.ts'
import { transaction } from '../db/pool.ts'
import { queueDbFor } from '../db/queue.ts'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { computeFreshness } from '../live/freshness.ts'
import { type Alert, type AlertPayload, decideAlerts, decideSilent } from './decide.ts'
import { lockSituation, type Situation, saveAlertState } from './store.ts'
import { describeStatus, isAccepted, postWebhook } from './webhook.ts'

/** Sends alerts to a receiver by Standard Webhooks: a sync failed, held deletions back, is overdue, or recovered. */
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

/** Returns the name of the queue of a Client System. Two agents may share a Sync database and have different receivers. */
const webhookQueue = (clientSystemId: string) => `meter-sync-webhook.${clientSystemId}`

/** Stale meters cause no notification, and the notification of a run can be lost; so alerts are also decided regularly. */
const checkIntervalMs = 30_000

/** The maximum number of locations and kinds that an alert lists. */
const maxGroups = 10

/** Retries after 5 s, then after twice the time up to an hour, for about a day. */
const retries = { retryLimit: 32, retryDelay: 5, retryBackoff: true, retryDelayMax: 3_600 }

/** The payload as text, because every attempt must sign and send the same bytes. */
type Delivery = { body: string }

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

/**
 * Decides which alerts are due, and queues them. The alert state and the queue change in one transaction, so that each
 * alert is sent once, with several processes and across restarts.
 */
async function enqueueAlerts(
  clientSystem: ClientSystem,
  { pool, boss, log }: Pick<WebhooksOptions, 'pool' | 'boss' | 'log'>,
): Promise<void> {
  const queued = await transaction(pool, async (client) => {
    const situation = await lockSituation(client, clientSystem.id)
    const stale = computeFreshness(situation.lastSuccess, clientSystem, situation.now.getTime()) === 'stale'
    const { state, alerts } = decideAlerts(situation.state, situation.ended, stale)
    const silence = await findSilence(client, clientSystem, state.silent)
    if (silence.alert) alerts.push(silence.alert)
    state.silent = silence.reported
    for (const alert of alerts) {
      const delivery: Delivery = { body: JSON.stringify(toPayload(alert, clientSystem, situation)) }
      await boss.send(webhookQueue(clientSystem.id), delivery, { id: randomUUID(), db: queueDbFor(client) })
    }
    if (alerts.length > 0 || situation.ended.length > 0) await saveAlertState(client, clientSystem.id, state)
    return alerts
  })
  for (const { type, run } of queued) {
    log.info({ clientSystem: clientSystem.id, alert: type, ...(run && { runId: run.id }) }, 'an alert was queued')
  }
}

/** Returns how many silent meters are reported from now on, and the alert that is due, if any. */
async function findSilence(
  client: pg.PoolClient,
  clientSystem: ClientSystem,
  reported: number,
): Promise<{ reported: number; alert: Alert | null }> {
  const { silentAlertPercent: limitPercent } = clientSystem
  const { meters } = await summarizeCollection(client, clientSystem)
  const { silent, changed } = decideSilent(reported, meters, limitPercent)
  if (!changed) return { reported: silent, alert: null }
  const groups = (await groupCollection(client, clientSystem.id, maxGroups)).filter((group) => group.silent > 0)
  const collection = {
    tooMany: silent > 0,
    limitPercent,
    meters,
    groups: groups.map(({ location, kind, silent, silentSince }) => ({ location, kind, silent, silentSince })),
  }
  return { reported: silent, alert: { type: 'meter_sync.collection', run: null, collection } }
}

function toPayload(
  { type, run, collection }: Alert,
  clientSystem: ClientSystem,
  { lastSuccess, meters, now }: Situation,
): AlertPayload {
  return {
    type,
    timestamp: run?.finishedAt ?? now.toISOString(),
    data: {
      clientSystemId: clientSystem.id,
      name: clientSystem.name,
      run,
      lastSuccessAt: lastSuccess?.finishedAt ?? null,
      freshness: computeFreshness(lastSuccess, clientSystem, now.getTime()),
      meters,
      ...(collection && { collection }),
    },
  }
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
