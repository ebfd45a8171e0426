import assert from 'node:assert/strict'
import { existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import type { Problem, StoredReadings } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts, failed } from '../support/mirror.ts'
import { createServer, createWorld, eventually, type World } from '../support/world.ts'

const always = '/dev/full'

test('F14, I4: a disk that is full while a run applies ends it as disk_full; with free space the next run succeeds', {
  skip: !existsSync(always) && `this kernel has no ${always}, which answers every write with: no space left`,
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  const server = await createServer(t)
  await createMeters(world.source, 10)
  const agent = await world.agent({ DATABASE_URL: server.url })
  await agent.settled()
  const sync = new pg.Client(server.url)
  await sync.connect()
  world.after(() => sync.end())
  const meters = 'select id, external_id, xmin::text, active, name from sync.meter order by id'
  const before = (await sync.query(meters)).rows
  await sync.query(`insert into sync.meter_reading select id, 'energy', now(), 1 from sync.meter`)

  // The map of free pages, which an insertion of many rows extends in the middle of applying.
  const { rows } = await sync.query<{ path: string }>(
    `select current_setting('data_directory') || '/' || pg_relation_filepath('sync.meter') || '_fsm' as path`,
  )
  const map = join(rows[0]?.path ?? '')
  assert.equal(existsSync(map), false)
  symlinkSync(always, map)
  await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
  await world.source.query('delete from meter where external_id = 2')
  await world.source.query(
    `insert into meter (external_id, name) select id, 'New ' || id from generate_series(100, 20000) id`,
  )
  const full = await agent.sync()
  const { code, hint } = failed(full)
  assert.equal(code, 'disk_full', JSON.stringify(full.error))
  assert.match(hint ?? '', /Free space/)
  assert.deepEqual((await sync.query(meters)).rows, before)
  assert.equal((await sync.query('select from sync.meter_change')).rowCount, 0)
  assert.equal((await agent.status()).clientSystems[0]?.meters.total, 10)

  rmSync(map)
  assertCounts(await agent.sync(), { inserted: 19_901, updated: 1, deleted: 1 })
  assert.equal((await sync.query('select from sync.meter_reading')).rowCount, 10)
})

test('F15: a lock on the whole table of meters ends the run as database_busy; the page and the next run work', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
  const release = await world.sync.hold('begin; lock table sync.meter in access exclusive mode')
  const run = await agent.sync()
  assert.equal(failed(run).code, 'database_busy')
  assert.equal((await agent.status()).clientSystems[0]?.lastRun?.id, run.id)
  await release()
  assertCounts(await agent.sync(), { updated: 1 })
})

/** The session of a run, waiting for a lock. */
const waits = `select 1 from pg_stat_activity
  where application_name = 'meter-sync-agent run' and wait_event_type = 'Lock' and datname = current_database()`

test('F15: collectors neither fail nor wait while a run holds its changes, whichever meters they write', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 100)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set name = 'Renamed ' || external_id where external_id <= 50`)
  await world.source.query('delete from meter where external_id between 91 and 95')
  const collecting = collect(world)
  // What a run writes last: by then all its changes are made, and not yet committed.
  const release = await world.sync.hold('begin; select from sync.client_system for update')
  const running = agent.sync()
  await eventually(async () => (await world.sync.query(waits)).length > 0)
  const readings = ['1', '92', '99'].map((externalId) => ({
    ...{ externalId, quantity: 'posted', value: 1, readAt: '2026-01-01T00:00:00Z' },
  }))
  const posted = await agent.api<StoredReadings>('/api/readings', { method: 'POST', body: JSON.stringify(readings) })
  assert.deepEqual(posted.body, { stored: 3, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
  const { rounds } = collecting
  await eventually(async () => collecting.rounds > rounds + 1)
  assert.equal((await world.sync.query(waits)).length, 1, 'the collectors wrote while the run still held its changes')
  await release()
  assertCounts(await running, { updated: 50, deleted: 5 })
  await collecting.stop()
})

/** Writes a reading of every meter by SQL, again and again; fails as soon as a write does. */
function collect({ sync }: World) {
  let stopped = false
  const collecting = { rounds: 0, stop: async () => {} }
  const working = (async () => {
    for (; !stopped; collecting.rounds++) {
      const quantity = `energy ${collecting.rounds}`
      await sync.query('insert into sync.meter_reading select id, $1, now(), 1 from sync.meter', [quantity])
    }
  })()
  collecting.stop = async () => {
    stopped = true
    await working
  }
  return collecting
}

test('F15: a request for meters that are locked reports the lock', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const release = await world.sync.hold('begin; lock table sync.meter in access exclusive mode')
  const { status, body } = await agent.api<Problem>('/api/meters')
  await release()
  assert.deepEqual([status, body.code], [503, 'database_unavailable'])
  assert.match(body.detail, /lock timeout/)
  assert.match(body.hint ?? '', /pg_stat_activity/)
})
