import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { pino } from 'pino'
import { openPool } from '../../src/db/pool.ts'
import { createSnapshots, readSnapshot } from '../../src/live/snapshot.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

test('F12: a connection that breaks while the state is read is released to its pool', async (t) => {
  const world = await createWorld(t)
  const target = { url: world.sync.url, tls: false } as const
  const pool = openPool(target, { application: 'test', max: 1, log: pino({ level: 'silent' }) })
  t.after(() => pool.end())
  for (let restart = 0; restart < 3; restart++) {
    const client = await pool.connect()
    const { stream } = Reflect.get(client, 'connection')
    client.release()
    // Its end is not known yet when it is lent again.
    stream.destroy()
    await assert.rejects(readSnapshot(pool, ['main']))
    assert.equal(pool.totalCount, 0)
  }
  assert.equal((await readSnapshot(pool, ['main'])).revision, 0)
})

test('simultaneous requests share one read of the state per revision, and never get a state from before the request', async (t) => {
  const world = await createWorld(t)
  const pool = openPool(
    { url: world.sync.url, tls: false },
    { application: 'test', max: 8, log: pino({ level: 'silent' }) },
  )
  t.after(() => pool.end())
  const snapshot = createSnapshots(pool, ['main'])
  const first = await Promise.all(Array.from({ length: 20 }, snapshot))
  assert.equal(new Set(first.map(({ clientSystems }) => clientSystems)).size, 1)
  await world.sync.query('update sync.revision_counter set value = 7')
  const release = await world.sync.hold('begin; lock table sync.client_system in access exclusive mode')
  const early = snapshot()
  const blocked = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await eventually(async () => (await world.sync.query(blocked)).length === 1)
  await world.sync.query('update sync.revision_counter set value = 8')
  // The second request has read the revision, and waits for the read of the first.
  const answered = once(pool, 'release')
  const late = snapshot()
  await answered
  await release()
  assert.deepEqual([(await early).revision, (await late).revision], [7, 8])
  await world.sync.query('update sync.revision_counter set value = 3')
  assert.equal((await snapshot()).revision, 3, 'a database that was restored counts from where it was')
})

test('the date style of the role or the database changes no time of the agent or the job queue', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  for (const style of ['SQL, DMY', 'Postgres, DMY', 'German, YMD']) {
    await world.sync.query(`alter database ${world.sync.name} set datestyle to '${style}'`)
    await world.sync.query(`alter database ${world.sync.name} set timezone to 'Asia/Kathmandu'`)
    await world.sync.query(`alter database ${world.sync.name} set intervalstyle to 'sql_standard'`)
    const agent = await world.agent()
    await agent.settled()
    const api = await world.agent({ ROLE: 'api' })
    const { finishedAt } = await agent.sync()
    for (const { status } of [agent, api]) {
      const [system] = (await status()).clientSystems
      assert.equal(system?.lastRun?.finishedAt, finishedAt)
      assert.ok(Math.abs(Date.parse(system?.lastRun?.finishedAt ?? '') - Date.now()) < 60_000, style)
      assert.equal(system?.freshness, 'fresh')
    }
    assert.equal((await api.api('/readyz')).status, 200)
    await api.stop()
    await agent.stop()
  }
})
