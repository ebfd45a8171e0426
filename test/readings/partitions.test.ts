import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import { TestClock } from 'pg-boss'
import { pino } from 'pino'
import { migrate } from '../../src/db/migrate.ts'
import type { Meter, MeterReading, StoredReadings } from '../../src/wire/types.ts'
import { startPartitioning } from '../../src/workers/partitions.ts'
import { createMeters } from '../support/meters.ts'
import { installOlder } from '../support/older.ts'
import { createWorld, eventually, findLogged, type LogLine, type TestAgent, type World } from '../support/world.ts'

const partitions = `select name from sync.reading_partitions() order by since`

/** The names of the partitions that hold readings, each with its number of readings. */
const places = async ({ sync }: World) => {
  const rows = await sync.query<{ place: string; readings: number }>(
    `select replace(tableoid::regclass::text, 'sync.meter_reading_', '') as place, count(*)::int as readings
     from sync.meter_reading group by 1 order by 1`,
  )
  return Object.fromEntries(rows.map(({ place, readings }) => [place, readings]))
}

/** The first moment of the month so many months from now, and the name of its partition. */
function month(from: number): { at: string; name: string } {
  const now = new Date()
  const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + from, 1)).toISOString()
  return { at, name: at.slice(0, 7).replace('-', '_') }
}

async function listAll(agent: TestAgent): Promise<MeterReading[]> {
  return (await agent.api<{ readings: MeterReading[] }>('/api/readings?limit=200')).body.readings
}

const store = ({ sync }: World, externalId: string, times: string[]) =>
  sync.query(
    `insert into sync.meter_reading (meter_id, quantity, read_at, value)
     select id, 'energy', at::timestamptz, 1 from sync.meter, unnest($2::text[]) at where external_id = $1`,
    [externalId, times],
  )

test('R6.8: readings of any time are stored; partitions of months are created ahead and on demand, and no reading is lost', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  const api = await world.agent({ ROLE: 'api' })
  await world.sync.query(`
    insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
    select 'main', id, 'Meter ' || id, '{}', true, gen_random_uuid(), gen_random_uuid() from unnest('{1,2}'::text[]) id`)
  assert.deepEqual(
    (await world.sync.query(partitions)).map(({ name }) => name),
    [0, 1, 2, 3].map((from) => `meter_reading_${month(from).name}`),
  )
  const outsideMonths = ['-infinity', '4713-01-01 BC', '1970-01-01', '3000-01-01', 'infinity']
  await store(world, '1', [...outsideMonths, month(-5).at, month(-3).at, month(0).at, month(1).at])
  assert.deepEqual(await places(world), { default: 7, [month(0).name]: 1, [month(1).name]: 1 })
  const before = await listAll(api)
  assert.equal(before.length, 9)

  // A run holds its lock on the meters: readings are stored nevertheless, and the partition comes after it.
  const waiting = `select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`
  const release = await world.sync.hold('begin; lock table sync.meter in row exclusive mode')
  const creating = world.sync.query('select sync.create_reading_partition()::text as month')
  await eventually(async () => (await world.sync.query(waiting)).length > 0)
  const posted = { externalId: '2', quantity: 'energy', value: 1, readAt: month(-3).at }
  const post = async () =>
    (await api.api<StoredReadings>('/api/readings', { method: 'POST', body: JSON.stringify([posted]) })).body
  assert.equal((await post()).stored, 1)
  await release()
  assert.deepEqual(await creating, [{ month: month(-5).at.slice(0, 10) }])

  // A reading that comes while its month gets a partition waits for it, and does not fail. A reader waits too, and then
  // finds every reading that was moved.
  const client = await world.sync.connect()
  await client.query('begin; select sync.create_reading_partition()')
  const late = store(world, '2', [month(-3).at.replace('T00', 'T01')])
  const reader = world.sync.query('select value from sync.meter_reading where read_at = $1', [month(-3).at])
  await eventually(async () => (await world.sync.query(waiting)).length > 1)
  await client.query('commit')
  await late
  assert.equal((await reader).length, 2)

  // The worker creates what is missing by itself, also where a partition was detached and is kept as a table.
  await world.sync.query(`create table sync.meter_reading_${month(-8).name} (like sync.meter_reading)`)
  await store(world, '2', [month(-8).at])
  const worker = await world.agent({ ROLE: 'worker' })
  const expected = {
    default: outsideMonths.length,
    [`${month(-8).name}_again`]: 1,
    [month(-5).name]: 1,
    [month(-3).name]: 3,
    [month(0).name]: 1,
    [month(1).name]: 1,
  }
  await findLogged(worker, 'partitions of readings created')
  assert.deepEqual(await places(world), expected)
  assert.deepEqual(
    (await listAll(api)).filter(({ externalId }) => externalId === '1'),
    before,
  )
  assert.equal((await post()).duplicates, 1, 'a reading that was moved is stored once')
  const newest = (await api.api<{ meters: Meter[] }>('/api/meters')).body.meters.map(
    ({ lastReading }) => lastReading?.readAt,
  )
  assert.deepEqual(newest, ['infinity', month(-3).at.replace('T00', 'T01')])
})

test('R6.6: readings of months that ended more than READINGS_DAYS ago are removed, whichever partition has them', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  const first = await world.agent()
  await first.settled()
  await store(world, '1', [
    '-infinity',
    '1970-01-01',
    month(-14).at,
    month(-4).at,
    month(-1).at,
    month(0).at,
    '3000-01-01',
  ])
  await first.stop()
  for (let made = 0; made < 3; made++) await world.sync.query('select sync.create_reading_partition()')
  assert.equal((await places(world)).default, 3)
  await assert.rejects(world.sync.query('select sync.drop_old_readings(30)'), /31 days at least/)

  // A partition that cannot be dropped keeps no other from being created. The next attempt is a minute later.
  await world.sync.query(`
    create view kept as select from sync.meter_reading_${month(-14).name};
    drop table sync.meter_reading_${month(1).name}`)
  const pool = world.sync.pool()
  let used = 0
  pool.on('acquire', () => used++)
  const log: Pick<LogLine, 'msg' | 'partitions' | 'readings'>[] = []
  const write = (line: string) => void log.push(JSON.parse(line))
  const clock = new TestClock(0)
  await using _partitioning = startPartitioning({ pool, readingsDays: 62, log: pino({}, { write }), clock })
  await eventually(async () => log.length === 2)
  const before = used
  await clock.tick(58_000)
  await setImmediate()
  assert.equal(used, before)
  await world.sync.query('drop view kept')
  await clock.tick(2_000)
  await eventually(async () => log.length === 3)
  assert.deepEqual(
    log.map(({ msg }) => msg),
    [
      'partitions of readings created',
      'the partitions of readings could not be created or dropped; retrying',
      'old readings removed',
    ],
  )
  const kept = { default: 1, [month(-1).name]: 1, [month(0).name]: 1 }
  assert.deepEqual(await places(world), kept)
  assert.deepEqual(
    [log[2]?.partitions, log[2]?.readings],
    [[month(-14), month(-4)].map(({ name }) => `meter_reading_${name}`), 2],
  )

  // Once a day: a partition is created for another old reading, which stays until the next day or start.
  await store(world, '1', [month(-5).at])
  await clock.tick(2_000)
  await eventually(async () => log.length === 4)
  for (let pass = 0; pass < 2; pass++) {
    const connections = used
    await clock.tick(2_000)
    await eventually(async () => used > connections)
  }
  assert.equal(log.at(-1)?.msg, 'partitions of readings created')
  const agent = await world.agent({ READINGS_DAYS: '62' })
  await findLogged(agent, 'old readings removed')
  assert.deepEqual(await places(world), kept)
  const { body } = await agent.api<{ readingsDays: number | null }>('/api/settings')
  assert.equal(body.readingsDays, 62)
})

test('R6.6: without READINGS_DAYS no reading is removed, however old', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 1)
  const first = await world.agent()
  await first.settled()
  await first.stop()
  await store(world, '1', ['-infinity', '1970-01-01', month(-14).at])
  const agent = await world.agent()
  const created = () => agent.log.filter(({ msg }) => msg === 'partitions of readings created').length
  await eventually(async () => created() === 1)
  // The first pass of a worker ends with the removal of old readings. A second pass shows that it has ended.
  await store(world, '1', [month(-30).at])
  await eventually(async () => created() === 2)
  assert.deepEqual(await places(world), { default: 2, [month(-30).name]: 1, [month(-14).name]: 1 })
  const { body } = await agent.api<{ readingsDays: number | null }>('/api/settings')
  assert.equal(body.readingsDays, null)
})

for (const version of [18, 15] as const) {
  test(`PostgreSQL ${version}: readings of a version without partitions are kept, with their rights and views, also when the migration is interrupted`, async (t) => {
    const world = await createWorld(t, { sync: version })
    await installOlder(world.sync, '0016_inactive_collection')
    const role = `collector_${world.sync.name}`
    world.after(() => world.sync.query(`drop owned by ${role}; drop role ${role}`))
    await world.sync.query(`
      create role ${role} login password 'collector';
      grant usage on schema sync to ${role};
      grant insert, select (value) on sync.meter_reading to ${role} with grant option;
      grant select (unit) on sync.meter_reading to public;
      insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
      values ('main', '1', 'Meter 1', '{}', true, gen_random_uuid(), gen_random_uuid());
      create view public.report with (security_barrier = true) as
        select r.*, m.name from sync.meter_reading r join sync.meter m on m.id = r.meter_id;
      create view public.summary as select count(*)::int as readings from public.report;
      create materialized view public.digest as select sum(value) from sync.meter_reading`)
    await store(world, '1', ['-infinity', '1970-01-01', month(-1).at, month(0).at, month(1).at, 'infinity'])

    const older = () => migrate({ url: world.sync.url, tls: false })
    const cause = (pattern: RegExp) => (error: Error) => pattern.test(String(error.cause))
    await assert.rejects(older(), cause(/public\.digest on sync\.meter_reading cannot be kept\. Drop it, migrate/))
    await world.sync.query('drop materialized view public.digest')

    // Cut off in the middle: everything is as before.
    const release = await world.sync.hold('begin; lock table sync.meter in row exclusive mode')
    const cut = assert.rejects(older(), cause(/terminat/))
    const waiting = `from pg_locks where not granted and relation = 'sync.meter'::regclass`
    await eventually(async () => (await world.sync.query(`select ${waiting}`)).length === 1)
    await world.sync.query(`select pg_terminate_backend(pid) ${waiting}`)
    await cut
    await release()
    assert.deepEqual(await places(world), { 'sync.meter_reading': 6 })

    await older()
    assert.deepEqual(await places(world), { before: 4, [month(1).name]: 1, default: 1 })
    assert.deepEqual(
      (await world.sync.query(partitions)).map(({ name }) => name),
      ['meter_reading_before', ...[1, 2, 3].map((from) => `meter_reading_${month(from).name}`)],
    )
    await store(world, '1', [month(2).at])
    assert.deepEqual(await world.sync.query('select readings from public.summary'), [{ readings: 7 }])
    const [report] = await world.sync.query(`select reloptions from pg_class where relname = 'report'`)
    assert.deepEqual(report, { reloptions: ['security_barrier=true'] })
    await assert.rejects(store(world, '1', ['1970-01-01']), { code: '23505' })
    await assert.rejects(world.sync.query(`insert into sync.meter_reading values (-1, 'e', now(), 1)`), {
      code: '23503',
    })

    const url = new URL(world.sync.url)
    url.username = role
    url.password = 'collector'
    const collector = new pg.Client(url.href)
    await collector.connect()
    try {
      await collector.query(
        `insert into sync.meter_reading (meter_id, quantity, read_at, value) values (1, 'e', now(), 1)`,
      )
      assert.equal((await collector.query('select value, unit from sync.meter_reading')).rowCount, 8)
      for (const statement of [
        'select read_at from sync.meter_reading',
        `insert into sync.meter_reading_before (meter_id, quantity, read_at, value) values (1, 'e', now(), 1)`,
        'select sync.create_reading_partition()',
        'select sync.drop_old_readings(31)',
      ])
        await assert.rejects(collector.query(statement), { code: '42501' }, statement)
    } finally {
      await collector.end()
    }
    const [granted] = await world.sync.query(
      `select count(*)::int as count from information_schema.column_privileges
       where table_name = 'meter_reading' and grantee = $1 and is_grantable = 'YES'`,
      [role],
    )
    // INSERT on each of five columns, and SELECT on one.
    assert.deepEqual(granted, { count: 6 })
  })
}
