import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import { groupCollection } from '../collection/groups.ts'
import { summarizeCollection } from '../collection/summary.ts'
import type { ClientSystem } from '../config/environment.ts'
import { queueDbFor } from '../db/queue.ts'
import { transaction } from '../db/transaction.ts'
import type { Log } from '../lib/log.ts'
import { computeFreshness } from '../live/freshness.ts'
import { type Alert, type AlertPayload, decideAlerts, decideSilent } from './decide.ts'
import { lockSituation, type Situation, saveAlertState } from './store.ts'

/** Returns the name of the queue of a Client System. Two agents may share a Sync database and have different receivers. */
export function webhookQueue(clientSystemId: string): string {
  return `meter-sync-webhook.${clientSystemId}`
}

/** The payload as text, because every attempt must sign and send the same bytes. */
export type Delivery = { body: string }

/** The maximum number of locations and kinds that an alert lists. */
const maxGroups = 10

/**
 * Decides which alerts are due for a Client System, and queues them. The alert state and the queue change in one transaction,
 * so that each alert is sent once, with several processes and across restarts.
 */
export async function enqueueAlerts(
  clientSystem: ClientSystem,
  { pool, boss, log }: { pool: pg.Pool; boss: PgBoss; log: Log },
): Promise<void> {
  const queued = await transaction(pool, async (client) => {
    const situation = await lockSituation(client, clientSystem.id)
    const stale = computeFreshness(situation.lastSuccess, clientSystem, situation.now.getTime()) === 'stale'
    const { state, alerts } = decideAlerts(situation.state, situation.ended, stale)
    const collection = await decideCollectionAlert(client, clientSystem, state.silent)
    if (collection.alert) alerts.push(collection.alert)
    state.silent = collection.reported
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
async function decideCollectionAlert(
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

/** Returns an alert as receivers get it. */
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
