import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Collection, Run, StoredReadings, WaitingMeter } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const energy = (externalId: string, value: number, hour = 0) => ({
  externalId,
  quantity: 'energy',
  value,
  readAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
})

async function post(agent: TestAgent, ...readings: object[]): Promise<StoredReadings> {
  const { status, body } = await agent.api<StoredReadings>('/api/readings', {
    method: 'POST',
    body: JSON.stringify(readings),
  })
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

const stored = `select m.external_id as id, r.value::float8 as value, extract(hour from r.read_at at time zone 'UTC')::int as hour
  from sync.meter_reading r join sync.meter m on m.id = r.meter_id order by m.external_id collate "C", hour`

const runsByReadings = async (agent: TestAgent) =>
  (await agent.api<{ runs: Run[] }>('/api/runs')).body.runs.filter(({ trigger }) => trigger === 'readings')

test('R6.3: readings of an unknown meter wait, start one sync, and are stored by it; a mistyped id stays listed', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`insert into meter (external_id, name) values (50, 'New')`)
  const first = await post(agent, energy('50', 1), energy('1', 1), energy('50', 2, 1), energy('50', 9))
  assert.deepEqual(first, { stored: 1, duplicates: 0, conflicts: 0, waiting: 3, rejected: [] })
  await post(agent, energy('5O', 1), energy('5O', 2, 1))
  await post(agent, energy('5O', 3, 2))
  await eventually(async () => (await world.sync.query(stored)).length === 3)
  // The first value of a time stays, as everywhere.
  assert.deepEqual(await world.sync.query(stored), [
    { id: '1', value: 1, hour: 0 },
    { id: '50', value: 1, hour: 0 },
    { id: '50', value: 2, hour: 1 },
  ])
  await agent.settled()
  const listed = await agent.api<{ waiting: WaitingMeter[]; next: string | null }>('/api/readings/waiting')
  const [typo, ...others] = listed.body.waiting
  assert.deepEqual([typo?.externalId, typo?.readings, others.length], ['5O', 3, 0])
  assert.ok((typo?.firstReceivedAt ?? '') < (typo?.lastReceivedAt ?? ''))
  const { waiting, meters } = (await agent.api<Collection>('/api/collection')).body
  assert.deepEqual(waiting, { readings: 3, externalIds: 1 })
  assert.equal(meters.silent, 2, 'readings that waited count for the states too')

  // All of that was one sync, and more readings of a misspelt id start no other.
  await post(agent, energy('5O', 4, 3))
  await post(agent, energy('6O', 4, 3))
  await eventually(async () => (await runsByReadings(agent)).length === 2)
  await agent.settled()
  await post(agent, energy('5O', 5, 4), energy('6O', 5, 4))
  await post(agent, energy('7O', 4, 3))
  await eventually(async () => (await runsByReadings(agent)).length === 3)
  await agent.settled()
  assert.equal((await runsByReadings(agent)).length, 3)
})

test('a sync that read the Client System before the meter was added is followed by another', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  const open = await gate.close()
  await agent.api('/api/sync', { method: 'POST' })
  await gate.untilReached()
  // The snapshot of that run is from before.
  await world.source.query(`insert into meter (external_id, name) values (60, 'Late')`)
  await post(agent, energy('60', 1))
  await open()
  await eventually(async () => (await world.sync.query(stored)).length === 1, 20_000)
  assert.equal((await runsByReadings(agent)).length, 1)
})

test('a reading that begins to wait and a run that inserts its meter do not miss each other', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const key = `hashtextextended('meter-sync-agent waiting:main', 0)`
  const blocked = async (count: number) =>
    await eventually(async () => {
      const found = await world.sync.query(
        `select from pg_locks where locktype = 'advisory' and not granted
         and database = (select oid from pg_database where datname = current_database())`,
      )
      return found.length === count
    })

  // A post that has not committed yet: the run waits for it, and stores its reading.
  await world.source.query(`insert into meter (external_id, name) values (70, 'M')`)
  const commit = await world.sync.hold(`
    select pg_advisory_lock_shared(${key});
    insert into sync.waiting_reading (client_system_id, external_id, quantity, read_at, value)
    values ('main', '70', 'energy', '2026-01-01T00:00:00Z', 1)`)
  const run = agent.sync()
  await blocked(1)
  await commit()
  assert.equal((await run).status, 'succeeded')
  assert.deepEqual(await world.sync.query(stored), [{ id: '70', value: 1, hour: 0 }])

  // A run that has not committed yet: the post waits for it, and finds the meter.
  const end = await world.sync.hold(`select pg_advisory_lock(${key})`)
  const posted = post(agent, energy('80', 1))
  await blocked(1)
  await world.sync.query(`
    insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
    values ('main', '80', 'M', '{}', true, gen_random_uuid(), gen_random_uuid())`)
  await end()
  assert.deepEqual((await posted).stored, 1)
})

test('ids that are invalid for any meter, and readings beyond the limit, are rejected', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const wide = 'ä'.repeat(501)
  assert.match((await post(agent, energy(wide, 1), energy('1', 1))).rejected[0]?.reason ?? '', /1,000 bytes/)
  await world.sync.query(`
    insert into sync.waiting_reading (client_system_id, external_id, quantity, read_at, value, received_at)
    select 'main', 'old', 'e', to_timestamp(n), 1, now() - interval '31 days' from generate_series(1, 99999) n`)
  const answer = await post(agent, energy('x', 1), energy('y', 1), energy('1', 2, 1))
  assert.deepEqual([answer.waiting, answer.rejected.map(({ line }) => line), answer.stored], [1, [2], 1])
  // Sent again, a reading that waits already is not one more.
  const again = await post(agent, energy('y', 1), energy('x', 1))
  assert.deepEqual([again.waiting, again.rejected.map(({ line }) => line)], [1, [1]])
  // A reading of another quantity is a new one.
  const other = await post(agent, { ...energy('x', 1), quantity: 'power' })
  assert.deepEqual([other.waiting, other.rejected.map(({ line }) => line)], [0, [1]])
})

const runs = Number(process.env.WAITING_RUNS ?? 4)

test('R6.3: any order of posts and syncs, also with interrupted runs, ends as if the meters had existed first', {
  timeout: 90_000 + 15_000 * runs,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  // With WAITING_KILLS, a process of its own works on the runs, and is killed in place of its sessions.
  const kills = process.env.WAITING_KILLS !== undefined
  const agent = await world.agent({ ROLE: kills ? 'api' : 'all' })
  let worker = kills ? await world.process({ ROLE: 'worker' }) : null
  let killed = 0
  let restarting = Promise.resolve()
  const cut = async () => {
    const sessions = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'meter-sync-agent run'`
    if (!worker) return void (await world.sync.query(sessions))
    restarting = restarting.then(async () => {
      killed++
      worker?.kill('SIGKILL')
      await worker?.exited
      worker = await world.process({ ROLE: 'worker' })
    })
    await restarting
  }
  await agent.settled()
  const seed = Number(process.env.WAITING_SEED ?? 20_261_126)
  t.diagnostic(`WAITING_SEED=${seed} WAITING_RUNS=${runs}`)
  const id = fc.integer({ min: 1, max: 6 }).map(String)
  const posting = fc.record({
    kind: fc.constant('post' as const),
    readings: fc.array(fc.tuple(id, fc.nat(23)), { minLength: 1, maxLength: 6 }),
  })
  const step = fc.oneof(
    { weight: 6, arbitrary: posting },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), id }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  )
  const sequences = fc.sample(
    fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 6, maxLength: 6 }),
    {
      seed,
      numRuns: runs,
    },
  )
  for (const sequence of sequences) {
    await agent.settled()
    await world.source.query('delete from meter where external_id > 2')
    await world.sync.query('truncate sync.meter, sync.meter_reading, sync.meter_collection, sync.waiting_reading')
    const sent = new Set<string>()
    for (const together of sequence) {
      await Promise.all(
        together.map(async (one) => {
          if (one.kind === 'sync') await agent.api('/api/sync', { method: 'POST' })
          else if (one.kind === 'insert')
            await world.source.query(`insert into meter (external_id, name) values ($1, 'M') on conflict do nothing`, [
              one.id,
            ])
          else if (one.kind === 'cut') await cut()
          else {
            // The value follows from the key, so the order of posts does not matter.
            const readings = one.readings.map(([externalId, hour]) =>
              energy(externalId, Number(externalId) * 100 + hour, hour),
            )
            const { stored, duplicates, waiting, rejected, conflicts } = await post(agent, ...readings)
            assert.deepEqual([stored + duplicates + waiting, rejected, conflicts], [readings.length, [], 0])
            for (const [externalId, hour] of one.readings) sent.add(`${externalId} ${hour}`)
          }
        }),
      )
    }
    await eventually(async () => (await agent.status()).clientSystems[0]?.activeRun === null, 30_000)
    await eventually(async () => {
      const { status, body } = await agent.api<{ run: Run }>('/api/sync', { method: 'POST', body: '{"full":true}' })
      if (status !== 202) return false
      return await eventually(async () => {
        const { body: run } = await agent.api<Run>(`/api/runs/${body.run.id}`)
        return run.finishedAt === null ? false : run.status
      }).then((status) => status === 'succeeded')
    }, 20_000)
    const known = (await world.source.query<{ id: string }>('select external_id::text as id from meter')).map(
      ({ id }) => id,
    )
    const rows = await world.sync.query<{ id: string; value: number; hour: number }>(stored)
    for (const { id, value, hour } of rows) assert.equal(value, Number(id) * 100 + hour)
    const expected = [...sent].filter((key) => known.includes(key.split(' ')[0] ?? ''))
    assert.deepEqual(rows.map(({ id, hour }) => `${id} ${hour}`).toSorted(), expected.toSorted())
    const waiting = await world.sync.query<{ key: string }>(
      `select external_id || ' ' || extract(hour from read_at at time zone 'UTC') as key from sync.waiting_reading`,
    )
    assert.deepEqual(
      waiting.map(({ key }) => key).toSorted(),
      [...sent].filter((key) => !known.includes(key.split(' ')[0] ?? '')).toSorted(),
    )
  }
  if (kills) t.diagnostic(`${killed} workers were killed`)
})
