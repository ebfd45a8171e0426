import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { parseConfig, wantsDemonstration } from '../../src/config/environment.ts'
import { migrate } from '../../src/db/migrate.ts'
import { reachableDirectory } from '../../src/demo/account.ts'
import { createCollector } from '../../src/demo/collector.ts'
import { type Demonstration, metersQuery, startDemonstration } from '../../src/demo/demonstration.ts'
import { firstDevices, seededRandom } from '../../src/demo/devices.ts'
import { PostgresUnavailable } from '../../src/demo/postgres-error.ts'
import { simulateChanges } from '../../src/demo/simulation.ts'
import { errorCode } from '../../src/lib/errors.ts'
import { createLog } from '../../src/lib/log.ts'

const log = createLog({ level: 'silent', terminal: false })
const isRoot = process.getuid?.() === 0
const directories: string[] = []

/** An interval so long that the simulation changes nothing by itself. */
const never = 20 * 86_400_000

function freshDirectory(mode = 0o755): string {
  const directory = mkdtempSync(join(tmpdir(), 'demonstration-'))
  directories.push(directory)
  chmodSync(directory, mode)
  return directory
}

type Meter = {
  external_id: string
  name: string
  kind: string
  active: boolean
  location: string
  serial_number: string
}

function openPool(url: string | undefined): pg.Pool {
  assert.ok(url)
  return new pg.Pool({ connectionString: url, max: 2 })
}

async function readMeters(demonstration: Demonstration): Promise<Meter[]> {
  const pool = openPool(demonstration.environment.CLIENT_SYSTEM_URL)
  try {
    const { rows } = await pool.query<Meter>(`${demonstration.environment.CLIENT_SYSTEM_QUERY} order by d.id`)
    return rows
  } finally {
    await pool.end()
  }
}

function serverOf(directory: string): number {
  return Number(readFileSync(join(directory, 'postgresql', 'postmaster.pid'), 'utf8').split('\n')[0])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** The Client System as its owner, by the password that the demonstration keeps. */
function openClientSystem(demonstration: Demonstration, directory: string): pg.Pool {
  const passwords = JSON.parse(readFileSync(join(directory, 'passwords.json'), 'utf8'))
  const url = new URL(demonstration.environment.CLIENT_SYSTEM_URL ?? '')
  url.username = 'client_system'
  url.password = passwords.client_system
  return openPool(url.href)
}

const shared = freshDirectory()
let demonstration: Demonstration

before(async () => {
  demonstration = await startDemonstration({ directory: shared, log, everyMs: never })
})
after(async () => {
  await demonstration.stop()
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

test('its environment is a complete configuration, and it is started only without URLs and outside production', () => {
  const config = parseConfig(demonstration.environment, { demonstration: true })
  assert.equal(config.clientSystems[0]?.schedule.cron, '* * * * *')
  assert.equal(config.clientSystems[0]?.query, metersQuery)
  assert.equal(wantsDemonstration({}), true)
  assert.equal(wantsDemonstration({ NODE_ENV: 'production' }), false)
  assert.equal(wantsDemonstration(demonstration.environment), false)
})

test('the role of CLIENT_SYSTEM_URL reads 500 realistic meters', async () => {
  const meters = await readMeters(demonstration)
  assert.equal(meters.length, 500)
  assert.equal(new Set(meters.map((meter) => meter.external_id)).size, 500)
  assert.equal(new Set(meters.map((meter) => meter.serial_number)).size, 500)
  assert.equal(new Set(meters.map((meter) => meter.kind)).size, 7)
  assert.equal(new Set(meters.map((meter) => meter.location)).size, 25)
  assert.ok(meters.some((meter) => !meter.active))
  assert.ok(meters.every((meter) => meter.name.trim() !== ''))
})

test('every new demonstration has the same meters', async () => {
  assert.deepEqual(firstDevices(500), firstDevices(500))
  const [first] = await readMeters(demonstration)
  assert.equal(first?.external_id, '100001')
  assert.equal(first?.serial_number, firstDevices(1)[0]?.serialNumber)
})

test('the role of CLIENT_SYSTEM_URL cannot write and cannot connect to the Sync database', async () => {
  const pool = openPool(demonstration.environment.CLIENT_SYSTEM_URL)
  const refused = { code: '42501' }
  await assert.rejects(pool.query(`update device set label = 'mine'`), refused)
  await assert.rejects(pool.query('delete from device'), refused)
  await assert.rejects(pool.query(`insert into site values (99, 'a', 'b', 'c')`), refused)
  await assert.rejects(pool.query('create table mine ()'), refused)
  await assert.rejects(pool.query('create temporary table mine ()'), refused)
  await pool.end()
  const url = new URL(demonstration.environment.CLIENT_SYSTEM_URL ?? '')
  url.pathname = '/meter_sync'
  const other = openPool(url.href)
  await assert.rejects(other.query('select 1'), refused)
  await other.end()
})

test('the owner of the Sync database is not a superuser and cannot connect to the Client System', async () => {
  const pool = openPool(demonstration.environment.DATABASE_URL)
  const { rows } = await pool.query(
    'select rolsuper or rolcreaterole or rolcreatedb as privileged from pg_roles where rolname = current_user',
  )
  assert.equal(rows[0]?.privileged, false)
  await pool.end()
  const url = new URL(demonstration.environment.DATABASE_URL ?? '')
  url.pathname = '/client_system'
  const other = openPool(url.href)
  await assert.rejects(other.query('select 1'), { code: '42501' })
  await other.end()
})

test('only the owner can read the file of the passwords', () => {
  assert.equal(statSync(join(shared, 'passwords.json')).mode & 0o777, 0o600)
  assert.equal(statSync(join(shared, 'postgresql')).mode & 0o777, 0o700)
})

test('each step adds, changes and removes a few meters, and about 500 remain', async () => {
  const pool = openClientSystem(demonstration, shared)
  const random = seededRandom(1)
  const total = { added: 0, removed: 0 }
  for (let step = 0; step < 40; step++) {
    const earlier = new Map(
      (await readMeters(demonstration)).map((meter) => [meter.external_id, JSON.stringify(meter)]),
    )
    const counts = await simulateChanges(pool, random)
    const meters = await readMeters(demonstration)
    const added = meters.filter((meter) => !earlier.has(meter.external_id)).length
    const removed = earlier.size + added - meters.length
    assert.deepEqual({ added, removed }, { added: counts.added, removed: counts.removed })
    assert.ok(added >= 1 && added <= 2 && removed <= 2, `${added} added and ${removed} removed`)
    assert.ok(counts.changed >= 2 && counts.changed <= 5, `${counts.changed} changed`)
    assert.ok(
      meters.some(
        (meter) => earlier.has(meter.external_id) && earlier.get(meter.external_id) !== JSON.stringify(meter),
      ),
    )
    assert.ok(Math.abs(meters.length - 500) <= 15, `${meters.length} meters`)
    total.added += added
    total.removed += removed
  }
  assert.ok(total.added > 0 && total.removed > 0)
  await pool.end()
})

test('readings begin with the first meters, increase, are stored once, and only old ones of the collector are deleted', async () => {
  const url = demonstration.environment.DATABASE_URL ?? ''
  const pool = openPool(url)
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
  await pool.end()
})

test('a second start beside a running one is refused in one line that says what to do', async () => {
  await assert.rejects(startDemonstration({ directory: shared, log, everyMs: never }), (error) => {
    assert.ok(error instanceof PostgresUnavailable)
    assert.doesNotMatch(error.message, /\n/)
    assert.ok(
      error.message.includes(`already runs on ${join(shared, 'postgresql')} (process ${serverOf(shared)})`),
      error.message,
    )
    return true
  })
  assert.equal((await readMeters(demonstration)).length > 0, true)
})

test('a start after a stop keeps the data, and a stop leaves no process', async () => {
  const directory = join(freshDirectory(), 'data')
  const first = await startDemonstration({ directory, log, everyMs: never })
  const pool = openClientSystem(first, directory)
  await simulateChanges(pool, seededRandom(4))
  await pool.end()
  const meters = await readMeters(first)
  const pid = serverOf(directory)
  assert.ok(isAlive(pid))
  await Promise.all([first.stop(), first.stop()])
  await first.stop()
  assert.equal(isAlive(pid), false)

  const second = await startDemonstration({ directory, log, everyMs: never })
  assert.deepEqual(await readMeters(second), meters)
  await second.stop()
  assert.equal(existsSync(join(directory, 'postgresql', 'postmaster.pid')), false)
})

test('the simulation runs by itself and can be stopped at any time', async () => {
  const directory = freshDirectory()
  const lively = await startDemonstration({ directory, log, everyMs: 50 })
  const earlier = JSON.stringify(await readMeters(lively))
  while (JSON.stringify(await readMeters(lively)) === earlier) await pause(20)
  await lively.stop()
})

test('an unexpected end of the database server is reported with its log', async () => {
  const directory = freshDirectory()
  const short = await startDemonstration({ directory, log, everyMs: never })
  process.kill(serverOf(directory), 'SIGQUIT')
  assert.match(await short.died, /shutdown/)
  await short.stop()
})

test('a start right after the agent was killed uses its data', async () => {
  const directory = freshDirectory()
  const script = `
    import { startDemonstration } from ${JSON.stringify(new URL('../../src/demo/demonstration.ts', import.meta.url).href)}
    import { createLog } from ${JSON.stringify(new URL('../../src/lib/log.ts', import.meta.url).href)}
    await startDemonstration({ directory: ${JSON.stringify(directory)}, log: createLog({ level: 'silent', terminal: false }) })
    console.log('started')`
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(agent.stdout, 'data')
  const pid = serverOf(directory)
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  const giveUp = Date.now() + 10_000
  while (isAlive(pid) && Date.now() < giveUp) await pause(10)
  assert.equal(isAlive(pid), false, 'the server ended with the agent')
  const next = await startDemonstration({ directory, log, everyMs: never })
  assert.ok((await readMeters(next)).length > 480)
  await next.stop()
})

test('an unwritable directory is reported in one line that names it', async () => {
  const file = join(freshDirectory(), 'file')
  writeFileSync(file, '')
  await assert.rejects(startDemonstration({ directory: join(file, 'data'), log }), (error) => {
    assert.ok(error instanceof PostgresUnavailable)
    assert.doesNotMatch(error.message, /\n/)
    assert.ok(error.message.includes(join(file, 'data')), error.message)
    return true
  })
})

test('other files in the data directory are not changed', async () => {
  const directory = freshDirectory()
  const first = await startDemonstration({ directory, log, everyMs: never })
  await first.stop()
  rmSync(join(directory, 'postgresql', 'superuser.password'))
  await assert.rejects(startDemonstration({ directory, log }), /move them away/)
  assert.ok(existsSync(join(directory, 'postgresql', 'PG_VERSION')))
})

test('for root in an unreachable home directory, the data is stored where PostgreSQL can reach it', {
  skip: !isRoot,
}, async () => {
  const directory = join(freshDirectory(0o700), 'data')
  const reachable = reachableDirectory(directory)
  directories.push(reachable)
  assert.notEqual(reachable, directory)
  const hidden = await startDemonstration({ directory, log, everyMs: never })
  assert.equal((await readMeters(hidden)).length, 500)
  await hidden.stop()
})
