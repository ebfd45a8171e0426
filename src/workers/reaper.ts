import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import type { Queryable } from '../db/connect.ts'
import { drizzle } from '../db/drizzle.ts'
import { holdsLock, lockKey } from '../db/locks.ts'
import { runQueue } from '../db/queue.ts'
import { transaction } from '../db/transaction.ts'
import { AgentError } from '../lib/errors.ts'
import { type Lifetime, startLoop } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { endRun } from '../runs/end.ts'
import { findActiveRun } from '../runs/list.ts'
import type { CompleteJob } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'

export type ReaperOptions = {
  pool: pg.Pool
  boss: PgBoss
  clientSystems: readonly ClientSystem[]
  completeJob: CompleteJob
  /** Called at every check that finds no active run. */
  onIdle: (clientSystem: ClientSystem) => Promise<void>
  log: Log
}

const intervalMs = 1_500

/** The running runs whose lock was free at the last check: Client System to run. */
type Suspects = Map<string, string>

/**
 * Ends the runs whose worker died: a running one whose lock was free at two checks in a row, or whose lease expired, and a queued
 * one whose job is missing. Two checks, because a worker that has lost only its session records the end of its run itself. Each
 * worker process has a reaper; the lock lets one of them end a run.
 */
export function startReaper(options: ReaperOptions): Lifetime {
  const { clientSystems, log } = options
  const suspects: Suspects = new Map()
  return startLoop({
    pass: async () => {
      await Promise.all(clientSystems.map((clientSystem) => checkActiveRun(clientSystem, suspects, options)))
    },
    everyMs: intervalMs,
    onError: (err, { repeated }) => {
      if (!repeated) log.warn({ err }, 'the reaper cannot check the active runs; retrying')
    },
  })
}

/** Ends the active run of a Client System if its worker died. Throws the error of a statement that failed. */
async function checkActiveRun(clientSystem: ClientSystem, suspects: Suspects, options: ReaperOptions): Promise<void> {
  const { pool, boss, onIdle } = options
  const { id } = clientSystem
  const run = await findActiveRun(drizzle(pool), id)
  const suspect = suspects.get(id)
  suspects.delete(id)
  if (!run) return await onIdle(clientSystem)
  if (run.status === 'running' && (await tryLock(pool, id))) {
    if (suspect === run.id) await interrupt(run, workerLost(), tryLock, options)
    else suspects.set(id, run.id)
  } else if (!(await isLeaseHeld(boss, run))) {
    const error = run.status === 'running' ? leaseLost() : workerLost()
    await interrupt(run, error, tryOrSeizeLock, options)
  }
}

/**
 * Returns true while the job of a run is open and, once a worker took it, the worker's heartbeat is not older than the lease.
 * The time is that of pg-boss.
 */
async function isLeaseHeld(boss: PgBoss, { id, clientSystemId }: Run): Promise<boolean> {
  const { rows } = await boss.getDb().executeSql(
    `select from pgboss.job
     where name = $1 and id = $2 and state < 'completed'
       and (state = 'active' and heartbeat_on + heartbeat_seconds * interval '1 s' < pgboss.job_now()) is not true`,
    [runQueue(clientSystemId), id],
  )
  return rows.length > 0
}

/** Ends a run as interrupted and logs it. Does nothing where `lock` returns false, or the run had ended. */
async function interrupt(
  run: Run,
  err: AgentError,
  lock: (client: Queryable, clientSystemId: string, runId: string) => Promise<boolean>,
  { pool, completeJob, log }: Pick<ReaperOptions, 'pool' | 'completeJob' | 'log'>,
): Promise<void> {
  const { id: runId, clientSystemId, trigger } = run
  const ended = await transaction(
    pool,
    async (client) =>
      (await lock(client, clientSystemId, runId)) && (await endRun(client, run, 'interrupted', err, completeJob)),
  )
  if (!ended) return
  const { code, message, hint } = err
  log.error({ runId, clientSystem: clientSystemId, trigger, code, error: message, hint, err }, 'meter sync failed')
}

/** Takes the lock of a Client System until the end of the transaction. Returns false when another session holds it. */
async function tryLock(db: Queryable, clientSystemId: string): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(`select pg_try_advisory_xact_lock(${lockKey}) as locked`, [
    clientSystemId,
  ])
  return rows[0]?.locked === true
}

/**
 * Takes the lock of a Client System as `tryLock` does, and ends the session that holds it. Returns false when no session held
 * it at that time, or the run is no longer active.
 */
async function tryOrSeizeLock(client: Queryable, clientSystemId: string, runId: string): Promise<boolean> {
  if (await tryLock(client, clientSystemId)) return true
  const { rowCount } = await client.query(terminateHolder, [clientSystemId, runId])
  if (rowCount === 0) return false
  await client.query(`select pg_advisory_xact_lock(${lockKey})`, [clientSystemId])
  return true
}

/**
 * Ends the session that holds the lock. A frozen client keeps its lock, because no timeout of the server applies while it waits
 * for COPY data. Only while the run is active: afterwards the lock may be that of the next run.
 */
const terminateHolder = `
  select pg_terminate_backend(l.pid)
  from pg_locks l
  where ${holdsLock(lockKey)}
    and l.pid <> pg_backend_pid()
    and exists (select from sync.run r where r.id = $2 and r.status in ('queued', 'running'))`

/** Returns the error of a run whose worker died. */
export function workerLost(): AgentError {
  return new AgentError('worker_lost', 'The worker of this run has stopped', {
    hint: 'Nothing was changed; look for its end in the log of the process or of the machine',
  })
}

/** Returns the error of a run whose worker was cut off. */
function leaseLost(): AgentError {
  return new AgentError('lease_lost', 'The worker of this run did not respond in time and was cut off', {
    hint: 'Nothing was changed; look for a machine that was frozen or overloaded',
  })
}
