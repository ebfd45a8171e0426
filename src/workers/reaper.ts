import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import { lockKey } from '../db/connect.ts'
import { drizzle } from '../db/drizzle.ts'
import { transaction } from '../db/pool.ts'
import { runQueue } from '../db/queue.ts'
import { AgentError } from '../lib/errors.ts'
import { type Lifetime, startLoop } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { findActiveRun } from '../runs/list.ts'
import { type CompleteJob, recordFailure } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'

export type ReaperOptions = {
  pool: pg.Pool
  boss: PgBoss
  clientSystems: readonly ClientSystem[]
  completeJob: (clientSystemId: string) => CompleteJob
  /** Called at every check that finds no active run. */
  onIdle: (clientSystem: ClientSystem) => Promise<void>
  log: Log
}

const intervalMs = 1_500

type Lease = 'held' | 'lost' | 'none'

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

/**
 * Ends the runs whose worker died: a running one whose lock was free at two checks in a row, or whose lease expired; a queued
 * one whose job is missing. A worker that has lost only its session records the end of its run between the two checks. Each
 * worker has a reaper; the lock lets one of them end a run.
 */
export function startReaper({ pool, boss, clientSystems, completeJob, onIdle, log }: ReaperOptions): Lifetime {
  const db = drizzle(pool)
  const end = async (run: Run, err: AgentError, { evict = false } = {}) => {
    const { code, message, hint } = err
    const ended = await transaction(pool, async (client) => {
      const { rows } = await client.query<{ free: boolean }>(`select pg_try_advisory_xact_lock(${lockKey}) as free`, [
        run.clientSystemId,
      ])
      if (!rows[0]?.free) {
        if (!evict) return false
        const { rowCount } = await client.query(terminateHolder, [run.clientSystemId, run.id])
        if (rowCount === 0) return false
        await client.query(`select pg_advisory_xact_lock(${lockKey})`, [run.clientSystemId])
      }
      return recordFailure(
        client,
        run,
        { status: 'interrupted', error: { code, message, hint }, timings: null, readMode: null },
        completeJob(run.clientSystemId),
      )
    })
    if (ended) {
      const { id: runId, clientSystemId: clientSystem, trigger } = run
      log.error({ runId, clientSystem, trigger, code, error: message, hint, err }, 'meter sync failed')
    }
    return ended
  }

  /** Returns the state of the lease, by the clock of pg-boss. */
  const leaseOf = async ({ id, clientSystemId }: Run): Promise<Lease> => {
    const { rows } = await boss.getDb().executeSql(
      `select state = 'active' as active, state < 'completed' as open,
         heartbeat_on + heartbeat_seconds * interval '1 s' < pgboss.job_now() as stale
       from pgboss.job where name = $1 and id = $2`,
      [runQueue(clientSystemId), id],
    )
    const job: { active: boolean; open: boolean; stale: boolean | null } | undefined = rows[0]
    if (!job?.open) return 'none'
    return job.active && job.stale ? 'lost' : 'held'
  }

  /** The running run of a Client System whose lock was found to be free. */
  const suspects = new Map<string, string>()
  const isUnlocked = async (clientSystemId: string) => {
    const { rows } = await pool.query<{ free: boolean }>(`select pg_try_advisory_xact_lock(${lockKey}) as free`, [
      clientSystemId,
    ])
    return rows[0]?.free === true
  }

  const check = async (clientSystem: ClientSystem) => {
    const { id } = clientSystem
    const run = await findActiveRun(db, id)
    const suspected = suspects.get(id)
    suspects.delete(id)
    if (!run) return await onIdle(clientSystem)
    if (run.status === 'running') {
      if (await isUnlocked(id)) {
        if (suspected === run.id) await end(run, workerLost())
        else suspects.set(id, run.id)
        return
      }
      if ((await leaseOf(run)) !== 'held') await end(run, leaseLost(), { evict: true })
    } else if ((await leaseOf(run)) !== 'held') {
      await end(run, workerLost(), { evict: true })
    }
  }

  return startLoop({
    pass: async () => void (await Promise.all(clientSystems.map(check))),
    everyMs: intervalMs,
    onError: (err, { repeated }) => {
      if (!repeated) log.warn({ err }, 'the reaper cannot check the active runs; retrying')
    },
  })
}

/**
 * Ends the session that holds the lock. A frozen client keeps its lock, because no timeout of the server applies while it waits
 * for COPY data. Only while the run is active: afterwards the lock may be that of the next run.
 */
const terminateHolder = `
  select pg_terminate_backend(l.pid)
  from pg_locks l
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = ${lockKey}
    and l.pid <> pg_backend_pid()
    and exists (select from sync.run r where r.id = $2 and r.status in ('queued', 'running'))`
