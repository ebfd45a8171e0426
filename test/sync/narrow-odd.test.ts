import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../src/events.ts'
import { assertCounts } from '../support/mirror.ts'
import { createWorld } from '../support/world.ts'

function assertNarrow(run: Run): void {
  assert.equal(run.readMode, 'narrow', run.readReason ?? JSON.stringify(run.error))
  assert.ok(run.proof)
}

test('a query whose filter or join keeps rows out that cannot be read is narrowed as it is read in full', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table device (code text, name text, type int);
    create table device_type (id int primary key, meter boolean);
    create function is_meter(type int) returns boolean language plpgsql immutable as 'begin return type = 1; end';
    insert into device_type values (1, true), (2, false);
    insert into device select id, 'Meter ' || id, 1 from generate_series(1, 200) id;
    insert into device values ('no number', 'A printer', 2);
    analyze device`)
  const queries = [
    'select code::bigint as external_id, name from device where is_meter(type)',
    'select d.code::bigint as external_id, d.name from device d join device_type t on t.id = d.type where t.meter',
  ]
  for (const [at, query] of queries.entries()) {
    const agent = await world.agent({ CLIENT_SYSTEM_ID: `system-${at}`, CLIENT_SYSTEM_QUERY: query })
    assertCounts(await agent.settled(), { read: 200, inserted: 200 })
    await world.source.query(`update device set name = name || '!' where code = '7'`)
    const run = await agent.sync()
    assertCounts(run, { read: 200, updated: 1 })
    assertNarrow(run)
  }
})
