import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseConfig, wantsDemonstration } from '../../src/config/environment.ts'
import { type Demonstration, metersQuery, startDemonstration } from '../../src/demo/demonstration.ts'
import { firstDevices } from '../../src/demo/devices.ts'
import { PostgresUnavailable } from '../../src/demo/postgres-error.ts'
import { seededRandom } from '../../src/demo/random.ts'
import { simulateChanges } from '../../src/demo/simulation.ts'
import {
  createDirectory,
  neverMs,
  openClientSystem,
  openPool,
  readDemonstrationMeters,
  serverPid,
  silentLog,
} from '../support/demonstration.ts'

const directory = createDirectory()
let demonstration: Demonstration

before(async () => {
  demonstration = await startDemonstration({ directory, log: silentLog, everyMs: neverMs })
})
after(() => demonstration.stop())

test('R8.3: its environment is a complete configuration, and it is started only without URLs and outside production', () => {
  const config = parseConfig(demonstration.environment, { demonstration: true })
  assert.equal(config.clientSystems[0]?.schedule.cron, '* * * * *')
  assert.equal(config.clientSystems[0]?.query, metersQuery)
  assert.equal(wantsDemonstration({}), true)
  assert.equal(wantsDemonstration({ NODE_ENV: 'production' }), false)
  assert.equal(wantsDemonstration(demonstration.environment), false)
})

test('the role of CLIENT_SYSTEM_URL reads 500 realistic meters', async () => {
  const meters = await readDemonstrationMeters(demonstration)
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
  const [first] = await readDemonstrationMeters(demonstration)
  assert.equal(first?.external_id, '100001')
  assert.equal(first?.serial_number, firstDevices(1)[0]?.serialNumber)
})

test('the role of CLIENT_SYSTEM_URL cannot write and cannot connect to the Sync database', async (t) => {
  const pool = openPool(t, demonstration.environment.CLIENT_SYSTEM_URL)
  const refused = { code: '42501' }
  await assert.rejects(pool.query(`update device set label = 'mine'`), refused)
  await assert.rejects(pool.query('delete from device'), refused)
  await assert.rejects(pool.query(`insert into site values (99, 'a', 'b', 'c')`), refused)
  await assert.rejects(pool.query('create table mine ()'), refused)
  await assert.rejects(pool.query('create temporary table mine ()'), refused)
  const url = new URL(demonstration.environment.CLIENT_SYSTEM_URL ?? '')
  url.pathname = '/meter_sync'
  const other = openPool(t, url.href)
  await assert.rejects(other.query('select 1'), refused)
})

test('the owner of the Sync database is not a superuser and cannot connect to the Client System', async (t) => {
  const pool = openPool(t, demonstration.environment.DATABASE_URL)
  const { rows } = await pool.query(
    'select rolsuper or rolcreaterole or rolcreatedb as privileged from pg_roles where rolname = current_user',
  )
  assert.equal(rows[0]?.privileged, false)
  const url = new URL(demonstration.environment.DATABASE_URL ?? '')
  url.pathname = '/client_system'
  const other = openPool(t, url.href)
  await assert.rejects(other.query('select 1'), { code: '42501' })
})

test('only the owner can read the file of the passwords', () => {
  assert.equal(statSync(join(directory, 'passwords.json')).mode & 0o777, 0o600)
  assert.equal(statSync(join(directory, 'postgresql')).mode & 0o777, 0o700)
})

test('each step adds, changes and removes a few meters, and about 500 remain', async (t) => {
  const pool = openClientSystem(t, demonstration, directory)
  const random = seededRandom(1)
  const total = { added: 0, removed: 0 }
  for (let step = 0; step < 40; step++) {
    const earlier = new Map(
      (await readDemonstrationMeters(demonstration)).map((meter) => [meter.external_id, JSON.stringify(meter)]),
    )
    const counts = await simulateChanges(pool, random)
    const meters = await readDemonstrationMeters(demonstration)
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
})

test('a second start beside a running one is refused in one line that says what to do', async () => {
  await assert.rejects(startDemonstration({ directory, log: silentLog, everyMs: neverMs }), (error) => {
    assert.ok(error instanceof PostgresUnavailable)
    assert.doesNotMatch(error.message, /\n/)
    assert.ok(
      error.message.includes(`already runs on ${join(directory, 'postgresql')} (process ${serverPid(directory)})`),
      error.message,
    )
    return true
  })
  assert.equal((await readDemonstrationMeters(demonstration)).length > 0, true)
})
