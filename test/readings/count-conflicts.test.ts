import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqlBeside } from '../../src/db/sql-file.ts'
import { createWorld } from '../support/world.ts'

const countConflicts = sqlBeside(new URL('../../src/readings/store.ts', import.meta.url).href, 'count-conflicts.sql')

type Node = { [key: string]: unknown; Plans?: Node[] }

/** Returns how many rows the nodes of an executed plan returned or dropped. */
function countRows(node: Node): number {
  const counts = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Join Filter'].map((key) => node[key] ?? 0)
  const own = counts.reduce<number>((sum, count) => sum + Number(count), 0) * Number(node['Actual Loops'])
  return own + (node.Plans ?? []).reduce((sum, child) => sum + countRows(child), 0)
}

for (const version of [18, 15] as const) {
  test(`PostgreSQL ${version}: readings of many meters at one time that are sent again are each compared with one`, async (t) => {
    const { sync } = await createWorld(t, { sync: version })
    const count = 500
    const client = await sync.connect()
    // As after a sync and the first post: the meters have been analyzed, the readings have not.
    await client.query(`
      insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
        select 'main', id, 'Meter', '{}', true, gen_random_uuid(), gen_random_uuid() from generate_series(1, ${count}) id;
      analyze sync.meter;
      create temporary table incoming (
        line integer, client_system_id text, external_id text collate "C", quantity text, value numeric, unit text,
        read_at timestamptz
      );
      insert into incoming
        select id, 'main', id, 'energy', id, 'kWh', '2026-01-31 12:00Z' from generate_series(1, ${count}) id;
      analyze pg_temp.incoming;
      insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
        select m.id, quantity, read_at, value, i.unit from incoming i join sync.meter m using (external_id);
      update incoming set value = -1 where external_id = '7'`)
    assert.deepEqual((await client.query(countConflicts)).rows, [{ conflicts: 1 }])
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `explain (analyze, format json) ${countConflicts}`,
    )
    const processed = countRows(rows[0]?.['QUERY PLAN'][0].Plan ?? assert.fail())
    assert.ok(processed < 20 * count, `${processed} rows were processed for ${count} readings`)
  })
}
