import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrate } from '../../src/db/migrate.ts'
import { createCollector } from '../../src/demo/collector.ts'
import { firstDevices } from '../../src/demo/devices.ts'
import { openPool } from '../support/demonstration.ts'
import { createWorld } from '../support/world.ts'

test('readings begin with the first meters, increase, are stored once, and only old ones of the collector are deleted', async (t) => {
  const { url } = (await createWorld(t)).source
  const pool = openPool(t, url)
  const collector = createCollector(pool)
  assert.equal(await collector.collect(), false, 'without tables')
  await migrate({ url, tls: false })
  assert.equal(await collector.collect(), false, 'without meters')
  const devices = firstDevices(60)
  await pool.query(
    `insert into sync.meter (client_system_id, external_id, name, kind, unit, attributes, active, removed_at, created_run_id, last_run_id)
     select 'main', d.id, 'a', d.kind, d.unit, '{}', d.id not in ('1', '2'), case when d.id = '1' then now() end, gen_random_uuid(), gen_random_uuid()
     from jsonb_to_recordset($1) as d (id text, kind text, unit text)`,
    [JSON.stringify(devices.map(({ kind, unit }, at) => ({ id: String(at), kind, unit })))],
  )
  const old = `insert into sync.meter_reading
    select m.id, q.name, now() - interval '8 days', 1, m.unit
    from sync.meter m cross join (values ('temperature'), ('volume')) q (name) where m.kind = 'water' and m.external_id not in ('1', '2')`
  const { rowCount: oldOnes } = await pool.query(old)
  assert.ok(oldOnes)
  assert.equal(await collector.collect(), true)

  const { rows } = await pool.query<{ external_id: string; read: number; grew: boolean; kept: number }>(
    `select m.external_id, count(*)::int as read,
       bool_and(r.value >= r.earlier) and max(r.value) > min(r.value) as grew
     from (select *, lag(value, 1, value) over (partition by meter_id order by read_at) as earlier
           from sync.meter_reading where quantity <> 'temperature') r
     join sync.meter m on m.id = r.meter_id
     where r.unit = m.unit and r.read_at = date_trunc('minute', r.read_at)
     group by m.external_id`,
  )
  assert.equal(rows.length, devices.length - 2, 'a removed or inactive meter is not read')
  assert.ok(
    rows.every(({ read }) => read >= 95 && read <= 97),
    'a reading every 15 minutes for a day, without the old reading',
  )
  assert.ok(
    rows.every(({ grew }) => grew),
    'no counter decreases',
  )

  const left = await pool.query(
    `select distinct quantity from sync.meter_reading where read_at < now() - interval '7 days'`,
  )
  assert.deepEqual(left.rows, [{ quantity: 'temperature' }])
  assert.equal(await createCollector(pool).collect(), true, 'a second start stores the same readings again')

  // The gateways of some locations fail for some hours, and their meters are not read.
  await pool.query(
    `insert into sync.meter (client_system_id, external_id, name, kind, unit, location, attributes, active, created_run_id, last_run_id)
     select 'main', 'L' || n, 'a', kind, 'kWh', 'Site ' || n, '{}', true, gen_random_uuid(), gen_random_uuid()
     from generate_series(1, 200) n, (select kind from sync.meter where external_id = '3') k`,
  )
  assert.equal(await createCollector(pool).collect(), true)
  const { rows: read } = await pool.query<{ count: number }>(
    `select count(r.read_at)::int as count from sync.meter m left join sync.meter_reading r on r.meter_id = m.id
     where m.location is not null group by m.id`,
  )
  const failed = read.filter(({ count }) => count < 95)
  assert.equal(read.length, 200)
  assert.ok(failed.length > 20 && failed.length < 150, `${failed.length} of 200`)
})
