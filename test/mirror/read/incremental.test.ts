import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Counts, Rejected, Run } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, compareBothSides, counted, failed, rowVersions } from '../../support/mirror.ts'
import { createWorld, eventually, type TestAgent, type World } from '../../support/world.ts'

/** How a run read its source, and that both sides are equal afterwards. */
function assertRead(
  run: Run,
  mode: 'full' | 'narrow',
  reason: NonNullable<Run['readReason']>['code'] | null = null,
): void {
  assert.equal(run.readMode, mode, run.readReason?.code)
  if (reason) assert.deepEqual(run.readReason, { code: reason })
  else if (mode === 'narrow') assert.equal(run.readReason, null)
  assert.match(run.proof?.digest ?? '', /^[0-9a-f]{16}$/)
}

async function start(t: Parameters<typeof createWorld>[0], count: number, environment = {}) {
  const world = await createWorld(t)
  await createMeters(world.source, count)
  const agent = await world.agent(environment)
  assertRead(await agent.settled(), 'full', 'agent_started')
  return { world, agent }
}

test('a run without a change reads only digests, and proves with them that both sides are equal', async (t) => {
  const { world, agent } = await start(t, 5_000)
  const first = (await agent.status()).clientSystems[0]?.lastRun
  const before = await rowVersions(world.sync)
  const run = await agent.sync()
  assertCounts(run, { read: 5_000 })
  assertRead(run, 'narrow')
  assert.deepEqual(run.proof, first?.proof)
  assert.equal(run.proof?.rows, 5_000)
  assert.ok((run.bytesRead ?? 0) < 128 * 34 + 100, `${run.bytesRead} bytes`)
  assert.deepEqual(await rowVersions(world.sync), before)
})

test('an incremental run reads the rows that differ, and no others', async (t) => {
  const { world, agent } = await start(t, 5_000)
  const whole = (await agent.sync({ full: true })).bytesRead ?? 0
  await world.source.query(`
    update meter set name = 'Renamed' where external_id = 17;
    delete from meter where external_id = 18;
    insert into meter (external_id, name) values (9001, 'New')`)
  const run = await agent.sync()
  assertCounts(run, { read: 5_000, inserted: 1, updated: 1, deleted: 1 })
  assertRead(run, 'narrow')
  assert.ok((run.bytesRead ?? 0) < whole / 20, `${run.bytesRead} of ${whole} bytes`)
  const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
  assert.deepEqual(
    body.changes.map(({ externalId, operation, after }) => [externalId, operation, after]),
    [
      ['17', 'update', { name: 'Renamed' }],
      ['18', 'delete', null],
      ['9001', 'insert', null],
    ],
  )
  await world.source.query(`insert into meter (external_id, name) values (18, 'Back')`)
  assertCounts(await agent.sync(), { read: 5_001, updated: 1, restored: 1 })

  // Digests of fewer meters each after a run that changed many, because the next one is likely to change as many.
  const bytes: number[] = []
  for (const name of ['One of many', 'Again']) {
    await world.source.query(`update meter set name = '${name}' where external_id % 50 = 0`)
    const { bytesRead, counts } = await agent.sync()
    assert.equal(counts?.updated, 100)
    bytes.push(bytesRead ?? 0)
  }
  const [coarse = 0, fine = 0] = bytes
  assert.ok(fine * 1.5 < coarse, `${bytes} bytes`)
  const { unequal } = await compareBothSides(world)
  assert.deepEqual(await unequal(), [])
})

test('a source without a change is scanned once, and leaves no temporary file on either server', async (t) => {
  const { world, agent } = await start(t, 100_000)
  const scans = async () => {
    const [row] = await world.source.query<{ scans: number; rows: number }>(
      `select seq_scan::int as scans, seq_tup_read::int as rows from pg_stat_user_tables where relname = 'meter'`,
    )
    return row ?? { scans: 0, rows: 0 }
  }
  const files = async () => {
    const ask = 'select temp_files::int as files from pg_stat_database where datname = current_database()'
    return [...(await world.source.query(ask)), ...(await world.sync.query(ask))]
  }
  const before = await scans()
  const filesBefore = await files()
  assertRead(await agent.sync(), 'narrow')
  const after = await eventually(async () => {
    const now = await scans()
    return now.rows > before.rows && now
  })
  // Workers of one scan are counted each; the rows they share are not.
  assert.equal(after.rows - before.rows, 100_000)
  await world.source.query(`update meter set name = name || '!' where external_id % 10 = 0`)
  assertCounts(await agent.sync(), { read: 100_000, updated: 10_000 })
  assert.deepEqual(await files(), filesBefore)
})

test('known meters are read by id when the source has an index on it, and only then', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5_000)
  await world.source.query(`
    create table site (id int primary key, name text);
    insert into site select id, 'Site ' || id from generate_series(0, 9) id;
    analyze meter, site`)
  const scans = async () => {
    const [row] = await world.source.query<{ byIndex: number; rows: number }>(
      `select idx_scan::int as "byIndex", seq_tup_read::int as rows from pg_stat_user_tables where relname = 'meter'`,
    )
    return row ?? { byIndex: 0, rows: 0 }
  }
  const queries: [query: string, indexed: boolean][] = [
    ['select * from meter', true],
    ['select m.external_id, m.name, s.name as location from meter m join site s on s.id = m.external_id % 10', true],
    ['select external_id + 0 as external_id, name from meter', false],
    ['select * from meter limit 6000', false],
  ]
  for (const [at, [query, indexed]] of queries.entries()) {
    const agent = await world.agent({ CLIENT_SYSTEM_ID: `system-${at}`, CLIENT_SYSTEM_QUERY: query })
    await agent.settled()
    await world.source.query(`update meter set name = name || '!' where external_id % 2000 = 7`)
    const before = await scans()
    const run = await agent.sync()
    assertRead(run, 'narrow')
    assertCounts(run, { read: 5_000, updated: 3 })
    // Three scans are three questions; the statistics of a session arrive together.
    const after = await eventually(async () => {
      const now = await scans()
      return now.rows - before.rows >= (indexed ? 10_000 : 15_000) && now
    })
    if (indexed) assert.ok(after.byIndex > before.byIndex, query)
    await agent.stop()
  }
})

test('values that compare as equal but differ in their text are updated, and none is ignored', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create type phase as enum ('one', 'two');
    create table meter (external_id text, name text, b bigint, n numeric, f float8, d timestamptz, j jsonb, e phase, c char(4), i inet, a int[]);
    insert into meter select 'm' || id, 'n', 1, 1.5, 0, '2026-01-01 00:00Z', '{"a": 1.0}', 'one', 'x', '10.0.0.1', '{1}' from generate_series(1, 100) id`)
  const agent = await world.agent()
  await agent.settled()
  const edits: [column: string, value: string, attribute: unknown][] = [
    ['b', '4294967296', 4294967296],
    ['n', '1.50', '1.50'],
    ['f', `'1e-7'`, '0.0000001'],
    ['d', `timestamptz '2026-01-01 00:00Z' + interval '4294967295 microseconds'`, '2026-01-01T01:11:34.967295+00:00'],
    ['j', `'{"a": 1.00}'`, '{"a": 1.00}'],
    ['e', `'two'`, 'two'],
    ['i', `'10.0.0.1/24'`, '10.0.0.1/24'],
    ['a', `'{1,NULL}'`, '[1, null]'],
  ]
  for (const [column, value, attribute] of edits) {
    await world.source.query(`update meter set ${column} = ${value} where external_id = 'm7'`)
    const run = await agent.sync()
    assert.equal(counted(run).updated, 1, column)
    assertRead(run, 'narrow')
    const [row] = await world.sync.query(`select attributes ->> $1 as value from sync.meter where external_id = 'm7'`, [
      column,
    ])
    assert.equal(row?.value, String(attribute), column)
  }
  await world.source.query(`alter type phase rename value 'one' to 'first'`)
  assertCounts(await agent.sync(), { read: 100, updated: 99 })
  await world.source.query(`
    update meter set name = case external_id when 'm1' then 'second' else 'first' end where external_id in ('m1', 'm2')`)
  assertCounts(await agent.sync(), { read: 100, updated: 2 })
  await world.source.query(`
    update meter set name = case external_id when 'm1' then 'first' else 'second' end where external_id in ('m1', 'm2')`)
  assertCounts(await agent.sync(), { read: 100, updated: 2 })
})

test('a column that changes to an equivalent type causes one full read and no change', async (t) => {
  const { world, agent } = await start(t, 200)
  const before = await rowVersions(world.sync)
  await world.source.query('alter table meter alter port type text using lpad(port::text, 6, $$0$$)')
  const run = await agent.sync()
  assertRead(run, 'full', 'query_changed')
  assertCounts(run, { read: 200 })
  assert.deepEqual(await rowVersions(world.sync), before)
  assertRead(await agent.sync(), 'narrow')
})

test('every meter is read at start, on request, after another query, and when most meters differ', async (t) => {
  const { world, agent } = await start(t, 300)
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

test('a meter that another program changed, added or removed here is corrected by the next run', async (t) => {
  const { world, agent } = await start(t, 400)
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

test('a source that returns different rows to two queries fails with proof_failed and changes nothing', async (t) => {
  const { world, agent } = await start(t, 300)
  await agent.stop()
  const restless = await world.agent({
    CLIENT_SYSTEM_QUERY: `select m.external_id, m.name || case when m.external_id = 3 then random() else 0 end as name from meter m`,
  })
  await restless.settled()
  const before = await rowVersions(world.sync)
  const run = await restless.sync()
  const { code, hint } = failed(run)
  assert.equal(code, 'proof_failed')
  assert.match(hint ?? '', /CLIENT_SYSTEM_QUERY/)
  assert.equal(run.proof, null)
  assert.deepEqual(await rowVersions(world.sync), before)
  // What a full read answered is one answer, and is mirrored as that.
  const whole = await restless.sync({ full: true })
  assertCounts(whole, { read: 300, updated: 1 })
  assertRead(whole, 'full')
})

test('rows that stay rejected and deletions that stay withheld are read at the same cost each time, and do not change', async (t) => {
  const { world, agent } = await start(t, 300)
  await world.source.query(`
    alter table meter drop constraint meter_pkey;
    alter table meter alter external_id drop not null;
    delete from meter where external_id <= 40;
    update meter set name = ' ' where external_id in (50, 51);
    update meter set port = 70000 where external_id = 52;
    insert into meter select * from meter where external_id in (60, 61);
    insert into meter (external_id, name) values (null, 'Nameless'), (901, '')`)
  const expected = { read: 264, rejected: 9, withheld: 40 }
  const runs = [await agent.sync(), await agent.sync(), await agent.sync({ full: true }), await agent.sync()]
  for (const [at, run] of runs.entries()) {
    assertCounts(run, expected)
    assertRead(run, at === 2 ? 'full' : 'narrow')
    assert.equal(run.proof?.rows, 300 - 40 - 3 - 2)
  }
  const rejected = await Promise.all(
    runs.map(async ({ id }) => {
      const { body } = await agent.api<{ rejected: Rejected[] }>(`/api/runs/${id}/rejected?limit=200`)
      return body.rejected.map(({ externalId, reason }) => `${externalId} ${reason}`).toSorted()
    }),
  )
  for (const one of rejected.slice(1)) assert.deepEqual(one, rejected[0])
  await world.source.query(`update meter set location = 'Elsewhere' where external_id = 200`)
  const run = await agent.sync()
  assertRead(run, 'narrow')
  assertCounts(run, { ...expected, updated: 1 })
})

test('the cost stays the same when most rows stay rejected', async (t) => {
  const { world, agent } = await start(t, 100)
  await world.source.query(`update meter set name = ' ' where external_id <= 60`)
  assertRead(await agent.sync(), 'full', 'most_differ')
  for (let at = 0; at < 2; at++) {
    const run = await agent.sync()
    assertRead(run, 'narrow')
    assertCounts(run, { read: 100, rejected: 60, withheld: 0 })
  }
})

/** A second Client System, `other`, over the same two databases. */
async function second(world: World, environment: Record<string, string>): Promise<TestAgent> {
  return await world.agent({ CLIENT_SYSTEM_ID: 'other', ...environment })
}

test('two Client Systems in one table are read incrementally, independent of each other', async (t) => {
  const { world, agent } = await start(t, 200)
  const other = await second(world, { CLIENT_SYSTEM_QUERY: 'select * from meter where external_id > 100' })
  assertCounts(await other.settled(), { read: 100, inserted: 100 })
  await world.source.query(`
    update meter set name = 'Both' where external_id = 150;
    update meter set name = 'One' where external_id = 50;
    delete from meter where external_id = 151`)
  const mine = await agent.sync()
  const theirs = await other.sync()
  assertCounts(mine, { read: 199, updated: 2, deleted: 1 })
  assertCounts(theirs, { read: 99, updated: 1, deleted: 1 })
  for (const run of [mine, theirs]) assertRead(run, 'narrow')
  assert.equal(counted(await agent.sync()).updated, 0)
})
