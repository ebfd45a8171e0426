import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestClock } from 'pg-boss'
import type { Problem, Run } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createWorld, eventually, findLogged } from '../support/world.ts'

const hour = 3_600_000

/** The default schedule, which is every hour. */
const hourly = { SYNC_CRON: undefined }

test('R2.1: the run is scheduled for every hour, once, however many processes start', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const schedules = () =>
    world.sync.query(`select name, cron, timezone from pgboss.schedule where name like 'meter-sync-schedule%'`)
  const [first, second] = await Promise.all([world.process(hourly), world.process(hourly)])
  await first.settled()
  assert.deepEqual(await schedules(), [{ name: 'meter-sync-schedule.main', cron: '0 * * * *', timezone: 'UTC' }])
  const status = await second.status()
  const next = new Date(status.clientSystems[0]?.schedule.nextRunAt ?? 0)
  assert.equal(next.getUTCMinutes(), 0)
  assert.ok(next.getTime() - Date.now() <= hour)
  await Promise.all([first.stop(), second.stop()])
  await world.agent({ SYNC_CRON: '*/20 * * * *', SYNC_TIMEZONE: 'Europe/Zurich' })
  assert.deepEqual(await schedules(), [
    { name: 'meter-sync-schedule.main', cron: '*/20 * * * *', timezone: 'Europe/Zurich' },
  ])
})

test('R2.2: twenty-four hours are twenty-four scheduled runs, and an outage causes no burst', {
  timeout: 110_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const clock = new TestClock(Date.UTC(2030, 0, 1, 0, 30))
  const agent = await world.agent(hourly, { clock })
  await agent.settled()
  const scheduled = () =>
    world.sync.query<{ status: string }>(`select status from sync.run where trigger = 'schedule' order by queued_at`)
  for (let count = 1; count <= 24; count++) {
    await clock.setTime(Date.UTC(2030, 0, 1, count - 1, 59, 50))
    await clock.tick(5_000)
    assert.equal((await scheduled()).length, count - 1, 'not before the hour')
    await eventually(async () => {
      await clock.tick(1_000)
      return (await scheduled()).filter(({ status }) => status === 'succeeded').length === count
    }, 30_000)
    await clock.setTime(Date.UTC(2030, 0, 1, count, 30))
    await clock.tick(2_000)
  }
  assert.equal((await scheduled()).length, 24)

  await agent.stop()
  await clock.setTime(Date.UTC(2030, 0, 2, 6, 30))
  const again = await world.agent(hourly, { clock })
  const run = await again.settled()
  assert.equal(run.trigger, 'startup')
  await clock.tick(60_000)
  assert.equal((await scheduled()).length, 24, 'the six hours that were missed are not caught up')
})

test('R2.3: a second trigger while a run is active is refused with the active run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const open = await gate.close()
  const environment = { CLIENT_SYSTEM_QUERY: gate.query }
  const [first, second] = await Promise.all([world.process(environment), world.process(environment)])
  await gate.untilReached()
  const active = (await first.status()).clientSystems[0]?.activeRun
  assert.equal(active?.status, 'running')
  for (const agent of [first, second]) {
    const { status, headers, body } = await agent.api<Problem>('/api/sync', { method: 'POST' })
    assert.equal(status, 409)
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.equal(body.code, 'run_active')
    assert.equal(body.run?.id, active?.id)
  }
  await open()
  const run = await second.settled()
  assert.equal(run.id, active?.id)
  assert.deepEqual(await world.sync.query('select count(*)::int as runs from sync.run'), [{ runs: 1 }])
})

test('R2.3, F18, I7: of a hundred concurrent triggers over two processes one starts a run, and the others get that run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const environment = { CLIENT_SYSTEM_QUERY: gate.query }
  const [first, second] = await Promise.all([world.process(environment), world.process(environment)])
  await first.settled()
  await eventually(async () => (await first.status()).clientSystems[0]?.activeRun === null)
  const open = await gate.close()
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      (at % 2 ? first : second).api<{ run: Run }>('/api/sync', { method: 'POST' }),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 202).length, 1)
  assert.equal(answers.filter(({ status }) => status === 409).length, 99)
  assert.equal(new Set(answers.map(({ body }) => body.run.id)).size, 1)
  await open()
  await second.settled()
})

test('R2.3: the schedule skips its time while a run is active, and logs it', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const open = await gate.close()
  const clock = new TestClock(Date.UTC(2030, 0, 1, 0, 59, 30))
  const agent = await world.agent({ ...hourly, CLIENT_SYSTEM_QUERY: gate.query }, { clock })
  await gate.untilReached()
  const skipped = await eventually(async () => {
    await clock.tick(1_000)
    return agent.log.find(({ msg }) => msg === 'meter sync skipped')
  })
  const active = (await agent.status()).clientSystems[0]?.activeRun
  assert.equal(skipped.activeRunId, active?.id)
  await open()
  await agent.settled()
  assert.deepEqual(await world.sync.query('select count(*)::int as runs from sync.run'), [{ runs: 1 }])
})

test('R2.4: a failed run is logged with its error and not retried before the next scheduled time, which runs', async (t) => {
  const world = await createWorld(t)
  const clock = new TestClock(Date.UTC(2030, 0, 1, 0, 10))
  const agent = await world.agent(hourly, { clock })
  const failed = await agent.settled()
  assert.equal(failed.status, 'failed')
  assert.equal(failed.error?.code, 'source_query')
  const line = await findLogged(agent, 'meter sync failed')
  assert.equal(line.level, 'error')
  assert.equal(line.code, 'source_query')
  assert.match(String(line.error), /meter/)
  assert.ok(line.hint)

  for (const minute of [15, 30, 45, 58]) {
    await clock.setTime(Date.UTC(2030, 0, 1, 0, minute))
    await clock.tick(20_000)
  }
  assert.deepEqual(await world.sync.query('select count(*)::int as runs from sync.run'), [{ runs: 1 }])
  await createMeters(world.source)
  await clock.setTime(Date.UTC(2030, 0, 1, 0, 59, 50))
  const run = await eventually(async () => {
    await clock.tick(1_000)
    const { lastSuccess } = (await agent.status()).clientSystems[0] ?? {}
    return lastSuccess
  })
  assert.equal(run.trigger, 'schedule')
  assert.equal(run.counts?.inserted, 3)
})

test('R2.2: the start-up run of a second worker joins the active run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const open = await gate.close()
  const environment = { CLIENT_SYSTEM_QUERY: gate.query }
  const first = await world.process(environment)
  await gate.untilReached()
  const second = await world.process(environment)
  await using stream = await openStream(`${second.url}/api/events`)
  const event = await stream.until(({ type }) => type === 'status')
  assert.equal(event.type === 'status' && event.data.clientSystems[0]?.activeRun?.status, 'running')
  await open()
  assert.equal((await first.settled()).status, 'succeeded')
  assert.deepEqual(await world.sync.query('select count(*)::int as runs from sync.run'), [{ runs: 1 }])
})
