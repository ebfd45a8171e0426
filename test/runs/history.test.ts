import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHourCheck } from '../../src/config/schedule-hours.ts'
import type { Run, RunHistory } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const hourMs = 3_600_000

test('the history has the outcomes of each hour, the missed hours, and the reliability of the syncs', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const now = Math.floor(Date.now() / hourMs) * hourMs
  const hoursAgo = (hours: number) => new Date(now - hours * hourMs + 60_000)
  const insert = (hours: number, status: string, minutes = 1, trigger = 'schedule') =>
    world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, started_at, finished_at, inserted)
       values (gen_random_uuid(), 'main', $1, $2, -$3::integer, $4, $4, $4::timestamptz + $5 * interval '1 minute', 2)`,
      [trigger, status, Math.round(hours), hoursAgo(hours), minutes],
    )
  await insert(10, 'succeeded')
  await insert(9, 'failed')
  await insert(8, 'interrupted')
  // It covers the hour after it, and the one after that was missed.
  await insert(7, 'succeeded', 90)
  await insert(4, 'cancelled', 1, 'manual')
  await insert(3, 'succeeded')
  const { body } = await agent.api<RunHistory>('/api/history')
  const at = (iso: string) => Math.round((now - Date.parse(iso)) / hourMs)
  assert.deepEqual(
    body.hours.map(({ from, succeeded, failed, cancelled }) => [at(from), succeeded, failed, cancelled].join(' ')),
    ['10 1 0 0', '9 0 1 0', '8 0 1 0', '7 1 0 0', '4 0 0 1', '3 1 0 0', '0 1 0 0'],
  )
  assert.deepEqual(body.missedHours.map(at), [5, 2, 1])
  const { staleSeconds, ...summary } = body.summary
  assert.deepEqual(summary, { days: 30, succeeded: 4, failed: 2, outages: 1 })
  const hour = new Date(now - 2 * hourMs).getUTCHours()
  const daily = await world.agent({ ROLE: 'api', SYNC_CRON: `0 ${hour} * * *` })
  assert.deepEqual(
    (await daily.api<RunHistory>('/api/history')).body.missedHours.map(at),
    [2],
    'the scheduled hour alone',
  )
  // The last success may be 130 minutes old, and was 210 (from 10 to 6.5 hours ago), 212 and up to 240.
  assert.ok(staleSeconds > 80 * 60, `${staleSeconds}`)

  const runs = async (query: string) => (await agent.api<{ runs: Run[] }>(`/api/runs?${query}`)).body.runs
  assert.deepEqual(
    (await runs('trigger=manual')).map(({ status }) => status),
    ['cancelled'],
  )
  const between = `from=${hoursAgo(8).toISOString()}&to=${hoursAgo(4).toISOString()}`
  assert.deepEqual(
    (await runs(between)).map(({ status }) => status),
    ['succeeded', 'interrupted'],
  )
  const [first] = await runs(`${between}&limit=1`)
  assert.equal(first?.status, 'succeeded')
})

test('an hour is scheduled when the expression has a time in it, in its time zone, and once where the clocks repeat it', () => {
  const check = (cron: string, timeZone: string, time: string) => createHourCheck({ cron, timeZone })(Date.parse(time))
  assert.equal(check('0 * * * *', 'UTC', '2026-03-05T12:00Z'), true)
  assert.equal(check('30 2 * * *', 'UTC', '2026-03-05T02:00Z'), true)
  assert.equal(check('30 2 * * *', 'UTC', '2026-03-05T03:00Z'), false)
  assert.equal(check('30 2 * * *', 'Europe/Zurich', '2026-03-05T01:00Z'), true)
  // Kolkata is half an hour beside the hours of UTC.
  assert.equal(check('15 8 * * *', 'Asia/Kolkata', '2026-03-05T02:00Z'), true)
  assert.equal(check('45 8 * * *', 'Asia/Kolkata', '2026-03-05T02:00Z'), false)
  // A Thursday; a day of the month or of the week, where both are given.
  assert.equal(check('0 12 * * 4', 'UTC', '2026-03-05T12:00Z'), true)
  assert.equal(check('0 12 * * 5', 'UTC', '2026-03-05T12:00Z'), false)
  assert.equal(check('0 12 5 * 5', 'UTC', '2026-03-05T12:00Z'), true)
  assert.equal(check('0 12 * * 7', 'UTC', '2026-03-08T12:00Z'), true)
  assert.equal(check('0 12 * 4 *', 'UTC', '2026-03-05T12:00Z'), false)
  const repeated = ['2026-10-25T00:00Z', '2026-10-25T01:00Z'].map((time) => check('0 2 * * *', 'Europe/Zurich', time))
  assert.deepEqual(repeated, [true, false])
})
