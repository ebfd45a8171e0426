import type { Job, PgBoss } from 'pg-boss'
import { runQueue } from '../db/queue.ts'

/**
 * Settings of a queue of runs. A run ends by its own timeout, and the run of a dead worker by its heartbeat. The expiry of the
 * queue is the longest possible, because it applies to the runs of every process, whatever their timeouts are.
 */
const runQueueSettings = { retryLimit: 0, heartbeatSeconds: 10, expireInSeconds: 24 * 3_600, notify: true }

/**
 * Creates the queue of a Client System's runs, with one active job at most (`exclusive`) and no retries (R2.4). Does not
 * change a queue that exists, because a process that only triggers runs must not change how workers run them.
 */
export async function createRunQueue(boss: PgBoss, clientSystemId: string): Promise<void> {
  await boss.createQueue(runQueue(clientSystemId), { policy: 'exclusive', ...runQueueSettings })
}

/** Creates the queue of a Client System's runs, and gives one that exists the settings of this program. */
export async function prepareRunQueue(boss: PgBoss, clientSystemId: string): Promise<void> {
  await createRunQueue(boss, clientSystemId)
  await boss.updateQueue(runQueue(clientSystemId), runQueueSettings)
}

/** Calls `work` with each job of a Client System's runs, one after the other, until pg-boss stops. */
export async function takeRuns(boss: PgBoss, clientSystemId: string, work: (job: Job) => Promise<void>): Promise<void> {
  const polling = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, heartbeatRefreshSeconds: 3 }
  await boss.work(runQueue(clientSystemId), polling, async (jobs: Job[]) => {
    for (const job of jobs) await work(job)
  })
}
