import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Counts } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, assertRead, compareBothSides, failed, rowVersions, startMirror } from '../../support/mirror.ts'
import { createWorld, eventually } from '../../support/world.ts'

test('every meter is read at start, on request, after another query, and when most meters differ', async (t) => {
  const { world, agent } = await startMirror(t, 300)
  assertRead(await agent.sync({ full: true }), 'full', 'requested')
  await world.source.query(`update meter set name = 'Other' where external_id <= 160`)
  const most = await agent.sync()
  assertRead(most, 'full', 'most_differ')
  assertCounts(most, { read: 300, updated: 160 })
  const whole = (await agent.sync({ full: true })).bytesRead ?? 0
  assert.ok((most.bytesRead ?? 0) > whole + 300 * 16, 'what was asked in vain was read too')
  await world.source.query(`update meter set name = 'Another' where external_id <= 140`)
  assertRead(await agent.sync(), 'narrow')
  await agent.stop()
  const again = await world.agent()
  assertRead(await again.settled(), 'full', 'agent_started')
  assertRead(await again.sync(), 'narrow')
  await again.stop()
  const other = await world.agent({ CLIENT_SYSTEM_QUERY: 'select * from meter where external_id > 0' })
  await other.settled()
  await world.sync.query(`update sync.client_system set source_fingerprint = 'of something else'`)
  assertRead(await other.sync(), 'full', 'query_changed')
})

test('a column that changes to an equivalent type causes one full read and no change', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  const before = await rowVersions(world.sync)
  await world.source.query('alter table meter alter port type text using lpad(port::text, 6, $$0$$)')
  const run = await agent.sync()
  assertRead(run, 'full', 'query_changed')
  assertCounts(run, { read: 200 })
  assert.deepEqual(await rowVersions(world.sync), before)
  assertRead(await agent.sync(), 'narrow')
})

test('the first run after two at night in the time zone of the schedule reads every meter', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({ SYNC_TIMEZONE: 'Asia/Kathmandu' })
  await agent.settled()
  const finishedAfterTwo = async (minutes: number) => {
    await world.sync.query(
      `update sync.run set finished_at = (
         select max(t) from generate_series(date_trunc('hour', now()) - interval '1 day', now(), '15 minutes') t
         where to_char(t at time zone 'Asia/Kathmandu', 'HH24:MI') = '02:00'
       ) + $1::integer * interval '1 minute'
       where read_mode = 'full'`,
      [minutes],
    )
    const { readMode, readReason } = await agent.sync()
    return [readMode, readReason?.code]
  }
  assert.deepEqual(await finishedAfterTwo(0), ['narrow', undefined])
  assert.deepEqual(await finishedAfterTwo(-1), ['full', 'daily'])
  assert.equal((await agent.sync()).readMode, 'narrow')
  await world.sync.query(`delete from sync.run where read_mode = 'full'`)
  assert.deepEqual((await agent.sync()).readReason, { code: 'daily' })
})

test('an incremental read that reaches the time limit makes the next run full, which succeeds', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent({
    RUN_TIMEOUT_SECONDS: '4',
    CLIENT_SYSTEM_QUERY: 'select * from meter where (select pg_sleep(1.5)) is not null',
  })
  await agent.settled()
  await world.source.query(`update meter set name = 'Changed' where external_id = 3`)
  assert.equal(failed(await agent.sync()).code, 'timeout')
  assertCounts(await agent.sync(), { read: 200, updated: 1 })
})

test('a full read that failed does not make the next run full, because a full read may exceed the time limit', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  for (const mode of ['full', 'narrow'] as const) {
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, finished_at, error_code, error_message, read_mode, revision)
       select gen_random_uuid(), 'main', 'schedule', 'failed', now(), 'timeout', 'late', $1, 1 + max(revision) from sync.run`,
      [mode],
    )
    assert.equal((await agent.sync()).readMode, mode === 'full' ? 'narrow' : 'full')
  }
})

test('a query whose result differs each time fails only the incremental run; the next is full', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `select external_id, name || case when external_id % 3 = 0 then random() else 0 end as name from meter`,
  })
  assertCounts(await agent.settled(), { read: 200, inserted: 200 })
  for (let at = 0; at < 2; at++) {
    assert.equal(failed(await agent.sync()).code, 'proof_failed')
    const full = await agent.sync()
    assertCounts(full, { read: 200, updated: 66 })
    assert.deepEqual(full.readReason, { code: 'after_failure', error: 'proof_failed' })
  }
})

test('F37: a meter that another program changed, added or removed here is corrected by the next run', async (t) => {
  const { world, agent } = await startMirror(t, 400)
  const { unequal } = await compareBothSides(world)
  const harm: [statement: string, counts: Partial<Counts>][] = [
    [`update sync.meter set name = 'Forged' where external_id = '5'`, { updated: 1 }],
    [`update sync.meter set active = false where external_id = '6'`, { updated: 1 }],
    [`update sync.meter set removed_at = now(), active = false where external_id = '7'`, { updated: 1, restored: 1 }],
    [`delete from sync.meter where external_id = '8'`, { inserted: 1 }],
    [`update sync.meter set external_id = 'x' where external_id = '9'`, { inserted: 1, deleted: 1 }],
    [
      `insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
       values ('main', 'ghost', 'Ghost', '{}', true, gen_random_uuid(), gen_random_uuid())`,
      { deleted: 1 },
    ],
    [`update sync.meter set removed_at = null, active = true where external_id = 'ghost'`, { deleted: 1 }],
  ]
  for (const [statement, counts] of harm) {
    await world.sync.query(statement)
    const run = await agent.sync()
    assertRead(run, 'full', 'meters_changed')
    assertCounts(run, { read: 400, ...counts })
    assert.deepEqual(await unequal(), [])
    assertRead(await agent.sync(), 'narrow')
  }
  const revived = world.sync.query(`update sync.meter set active = true where external_id = 'ghost'`)
  await assert.rejects(revived, /meter_removed_inactive/)
  await world.sync.query('update sync.meter set row_hash = 1, id_hash = 2 where external_id = $$20$$')
  const rehashed = await agent.sync()
  assertRead(rehashed, 'full', 'meters_changed')
  assertCounts(rehashed, { read: 400 })
  assertRead(await agent.sync(), 'narrow')
})

test('a meter that another program changes here while a run writes others is corrected by the next run', async (t) => {
  const { world, agent } = await startMirror(t, 300)
  const { unequal } = await compareBothSides(world)
  for (const full of [false, true]) {
    await world.source.query(`
      update meter set name = name || '!' where external_id in (17, 18);
      delete from meter where external_id = (select min(external_id) from meter where external_id > 200);
      insert into meter (external_id, name) select 1 + max(external_id), 'New' from meter`)
    const release = await world.sync.hold(`begin; select from sync.meter where external_id = '17' for update`)
    const running = agent.sync({ full })
    await eventually(async () => {
      const [waiting] = await world.sync.query(`
        select from pg_stat_activity where wait_event_type = 'Lock' and query like '%update sync.meter%'
          and datname = current_database() and pid <> pg_backend_pid()`)
      return waiting
    })
    await world.sync.query(`update sync.meter set name = 'Forged' where external_id = '5'`)
    await release()
    const run = await running
    assert.equal(run.readMode, full ? 'full' : 'narrow')
    assertCounts(run, { inserted: 1, updated: 2, deleted: 1 })
    const next = await agent.sync()
    assertCounts(next, { updated: 1 })
    assert.deepEqual(next.readReason, { code: 'meters_changed' })
    assert.deepEqual(await unequal(), [])
    assertRead(await agent.sync(), 'narrow')
  }
})
