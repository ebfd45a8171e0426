import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { errorMessage } from '../../src/lib/errors.ts'
import type { Run, StoredReadings } from '../../src/wire/types.ts'
import { createStartupRuns } from '../../src/workers/startup.ts'
import { clientSystemOf } from '../support/configuration.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually, type World } from '../support/world.ts'
import { queued } from '../web/samples.ts'

const runs = (world: World) =>
  world.sync.query<Pick<Run, 'trigger' | 'status'>>('select "trigger", status from sync.run order by revision')

const startedAnew = [
  { trigger: 'startup', status: 'interrupted' },
  { trigger: 'startup', status: 'succeeded' },
]

test('the run at the start is requested again only when it was interrupted and none has succeeded since', async (t) => {
  const world = await createWorld(t)
  const clientSystem = clientSystemOf(world.environment())
  const pool = world.sync.pool()
  const store = async (status: Run['status'], revision: number): Promise<Run> => {
    const run = queued(1, revision, { id: randomUUID() })
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision, finished_at)
       values ($1, 'main', 'startup', $2, $3, now())`,
      [run.id, status, revision],
    )
    return run
  }
  for (const [status, isFollowedBySuccess, expected] of [
    ['interrupted', false, 2],
    ['interrupted', true, 1],
    ['failed', false, 1],
    ['cancelled', false, 1],
  ] as const) {
    await world.sync.query('truncate sync.run cascade')
    await store('succeeded', 5)
    let requests = 0
    const trigger = async () => ({ run: await store(status, 10 + requests++), created: true })
    const startup = createStartupRuns({ pool, trigger })
    await startup.request(clientSystem)
    if (isFollowedBySuccess) await store('succeeded', 20)
    await startup.requestAgain(clientSystem)
    assert.equal(requests, expected, `${status} ${isFollowedBySuccess}`)
  }
})

suite('the run at the start', { concurrency: 2 }, () => {
  test('F35: a worker that was killed during a run and is started again syncs at its start', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const gate = await createGate(world.source)
    const open = await gate.close()
    const environment = { CLIENT_SYSTEM_QUERY: gate.query }
    const killed = await world.process(environment)
    await gate.untilReached()
    // Of a meter that this run has not read: the reading is not lost with the worker.
    await world.source.query(`insert into meter (external_id, name) values (77, 'New')`)
    const body = JSON.stringify([{ externalId: '77', quantity: 'energy', value: 1, readAt: '2026-01-01T00:00:00Z' }])
    assert.equal((await killed.api<StoredReadings>('/api/readings', { method: 'POST', body })).body.waiting, 1)
    killed.kill('SIGKILL')
    await killed.exited
    await world.process(environment)
    await open()
    await eventually(async () => (await runs(world)).length === 2, 20_000)
    await eventually(async () => (await runs(world)).at(-1)?.status === 'succeeded', 20_000)
    assert.deepEqual(await runs(world), startedAnew)
    const readings = `select m.external_id as id from sync.meter_reading r join sync.meter m on m.id = r.meter_id`
    assert.deepEqual(await world.sync.query(readings), [{ id: '77' }])
  })

  test('F35: a database restored from a dump of an active run is synced at the start', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await world.sync.query(`
      insert into sync.run (id, client_system_id, trigger, status, started_at, phase, revision)
      values ('00000000-0000-4000-8000-000000000001', 'main', 'startup', 'running', now(), 'reading', 0)`)
    const agent = await world.agent()
    await eventually(async () => (await runs(world)).at(-1)?.status === 'succeeded', 20_000)
    assert.deepEqual(await runs(world), startedAnew)
    assert.equal((await agent.status()).clientSystems[0]?.lastRun?.trigger, 'startup')
  })

  test('a run at the start that joined the run of another worker is queued again when that worker is stopped', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const gate = await createGate(world.source)
    const environment = { CLIENT_SYSTEM_QUERY: gate.query, ROLE: 'worker' }
    const open = await gate.close()
    const former = await world.process(environment)
    await gate.untilReached()
    await world.process(environment)
    assert.equal((await runs(world)).length, 1)
    await former.stop()
    await open()
    await eventually(async () => (await runs(world)).at(-1)?.status === 'succeeded', 20_000)
    assert.deepEqual(await runs(world), startedAnew)
  })

  test('a start that waits for a lock can be stopped, and then no worker of it takes runs', async (t) => {
    const world = await createWorld(t)
    const release = await world.sync.hold('begin; lock table sync.run in access exclusive mode')
    const stopping = new AbortController()
    const starting = assert.rejects(world.agent({}, { signal: stopping.signal }), (error) => {
      assert.match(errorMessage(error), /lock timeout/)
      return true
    })
    const connections = () =>
      world.sync.query<{ name: string }>(
        `select application_name as name from pg_stat_activity
       where datname = current_database() and application_name like 'meter-sync-agent%'`,
      )
    await eventually(async () => (await connections()).length > 0)
    stopping.abort()
    await starting
    await eventually(async () => (await connections()).length === 0)
    await release()
  })
})
