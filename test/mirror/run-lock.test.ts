import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

suite('a locked meter or Client System', { concurrency: 2 }, () => {
  test('F15: a lock of another session on the meters ends the run as database_busy; collectors still work', {
    timeout: 30_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
    const release = await world.sync.hold(`begin; select from sync.meter where external_id = '1' for update`)
    await world.sync.query(
      `insert into sync.meter_reading (meter_id, quantity, read_at, value) select id, 'energy', now(), 1 from sync.meter where external_id = '2'`,
    )
    const run = await agent.sync()
    assert.equal(run.status, 'failed')
    assert.equal(run.error?.code, 'database_busy')
    await release()
    assert.equal((await agent.sync()).counts?.updated, 1)
  })

  test('F15: a run whose lock is held by another session ends as database_busy', { timeout: 30_000 }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const release = await world.sync.hold(`select pg_advisory_lock(hashtextextended('meter-sync-agent:main', 0))`)
    const agent = await world.agent()
    assert.equal((await agent.settled()).error?.code, 'database_busy')
    await release()
    assert.equal((await agent.sync()).status, 'succeeded')
  })
})
