import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import { drizzle } from '../db/drizzle.ts'
import { queueDbFor, runQueue } from '../db/queue.ts'
import { transaction } from '../db/transaction.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Run } from '../wire/types.ts'
import { findActiveRun, findRun } from './list.ts'
import { type RunRequest, recordQueued } from './store.ts'

/**
 * Requests a run, for every kind of trigger. Writes the run and its job in one transaction and returns the run with
 * `created` true. When a run of the Client System is active, writes nothing and returns that run.
 */
export type TriggerRun = (request: RunRequest) => Promise<{ run: Run; created: boolean }>

export type TriggerOptions = {
  pool: pg.Pool
  boss: PgBoss
  /** Creates the queue of a Client System's runs when it is missing. */
  createQueue: (clientSystemId: string) => Promise<void>
  log: Log
}

/** Returns the request for a run that the agent starts by itself. With `full`, it reads every meter. */
export function automaticRequest(
  clientSystemId: string,
  trigger: 'startup' | 'schedule' | 'readings',
  { full = false } = {},
): RunRequest {
  return { clientSystemId, trigger, full, approveDeletes: null, approveDigest: null, requestedBy: null }
}

/** The second attempt follows the creation of a missing queue, the third the deletion of stale jobs. */
const maxAttempts = 3

/**
 * Returns the function that all triggers call. It throws AgentError `internal` when no run can be queued and none is active.
 */
export function createTrigger(options: TriggerOptions): TriggerRun {
  const db = drizzle(options.pool)
  return async (request) => {
    const { clientSystemId } = request
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const active = await findActiveRun(db, clientSystemId)
      if (active) return { run: active, created: false }
      const id = randomUUID()
      if (await enqueue(id, request, options)) {
        const run = await findRun(db, id)
        if (run) return { run, created: true }
      }
      if (attempt === maxAttempts - 1) await deleteStaleJobs(clientSystemId, options)
    }
    throw new AgentError('internal', `No run of ${clientSystemId} could be queued, and none is active`, {
      hint: 'Try again; if that fails too, look at the jobs in the schema pgboss',
    })
  }
}

/** Queues a run. Returns false, with nothing written, when another run is active or the job of an ended run remains. */
async function enqueue(id: string, request: RunRequest, { pool, boss, createQueue }: TriggerOptions): Promise<boolean> {
  const { clientSystemId } = request
  try {
    await transaction(pool, async (client) => {
      const options = { id, singletonKey: clientSystemId, db: queueDbFor(client) }
      const isQueued =
        (await recordQueued(client, id, request)) && (await boss.send(runQueue(clientSystemId), {}, options))
      if (!isQueued) throw new SlotTaken()
    })
    return true
  } catch (error) {
    if (error instanceof SlotTaken) return false
    // The queue is missing until a worker of this Client System has started.
    if (await boss.getQueue(runQueue(clientSystemId))) throw error
    await createQueue(clientSystemId)
    return false
  }
}

/** Thrown to roll back where the run or its job already exists. */
class SlotTaken extends Error {}

/** Deletes jobs whose run has ended. They would otherwise keep the queue from accepting a new one. */
async function deleteStaleJobs(clientSystemId: string, { pool, boss, log }: TriggerOptions): Promise<void> {
  const jobs = await boss.findJobs(runQueue(clientSystemId), { key: clientSystemId })
  const stale = jobs.filter((job) => ['created', 'retry', 'active'].includes(job.state)).map((job) => job.id)
  if (stale.length === 0 || (await findActiveRun(drizzle(pool), clientSystemId))) return
  log.warn({ clientSystem: clientSystemId, jobs: stale }, 'deleted jobs that have no active run')
  await boss.deleteJob(runQueue(clientSystemId), stale)
}
