import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daysOf, outcomeOf, periodWords, stripDays, summaryWords } from '../../../web/src/runs/strip.ts'

const none = { succeeded: 0, failed: 0, cancelled: 0, inserted: 0, updated: 0, deleted: 0 }
const history = {
  to: '2026-03-05T12:30:00.000Z',
  hours: [
    { from: '2026-03-04T23:00:00.000Z', ...none, failed: 2 },
    { from: '2026-03-05T00:00:00.000Z', ...none, succeeded: 1, inserted: 1_200 },
    { from: '2026-03-05T01:00:00.000Z', ...none, succeeded: 2, updated: 3 },
  ],
  missedHours: ['2026-03-05T03:00:00.000Z'],
}

test('each of the last 90 days is a cell with its hours, and its worst outcome decides its look', () => {
  const days = daysOf(history, 'utc')
  assert.equal(days.length, stripDays)
  const [yesterday, today] = days.slice(-2)
  assert.deepEqual([yesterday?.key, yesterday?.hours.length], ['2026-03-04', 24])
  assert.deepEqual([today?.key, today?.hours.length], ['2026-03-05', 13])
  assert.deepEqual(days.slice(-3).map(outcomeOf), ['none', 'failed', 'missed'])
  assert.deepEqual(
    today?.hours.slice(0, 5).map((hour) => `${hour.key} ${outcomeOf(hour)}`),
    ['00 succeeded', '01 succeeded', '02 none', '03 missed', '04 none'].map((words) => `2026-03-05 ${words}`),
  )
  const outcome = (some: Partial<Parameters<typeof outcomeOf>[0]>) =>
    outcomeOf({ key: '', missed: 0, ...none, ...some })
  assert.equal(outcome({ failed: 1, missed: 1, succeeded: 1, cancelled: 1 }), 'failed')
  assert.equal(outcome({ missed: 1, succeeded: 1, cancelled: 1 }), 'missed')
  assert.equal(outcome({ succeeded: 1, cancelled: 1 }), 'succeeded')
  assert.equal(outcome({ cancelled: 1 }), 'cancelled')
})

test('a day on which the clocks change has 23 or 25 hours', () => {
  process.env.TZ = 'Europe/Berlin'
  for (const { to, hours, second } of [
    { to: '2026-03-29T21:30:00.000Z', hours: 23, second: '01' },
    { to: '2026-10-25T22:30:00.000Z', hours: 25, second: '02' },
  ]) {
    const days = daysOf({ ...history, to }, 'local')
    assert.equal(days.length, stripDays)
    const day = to.slice(0, 10)
    assert.equal(days.at(-1)?.hours.length, hours)
    assert.equal(days.at(-1)?.hours.filter(({ key }) => key === `${day} ${second}`).length, hours - 23 || 1)
    // The first day has all its hours too.
    assert.equal(days[0]?.hours[0]?.key, `${days[0]?.key} 00`)
  }
})

test('a cell has its numbers in words', () => {
  const [yesterday, today] = daysOf(history, 'utc').slice(-2)
  assert.ok(yesterday && today)
  assert.equal(periodWords(yesterday), '4 Mar 2026: 2 failed, no changes')
  assert.equal(periodWords(today), '5 Mar 2026: 3 succeeded, 1 hour missed, 1,200 inserted, 3 updated')
  assert.equal(periodWords({ key: '2026-03-05 14', missed: 0, ...none }), '5 Mar 2026, 14:00: no sync')
})

test('a summary never rounds up to all', () => {
  const words = (succeeded: number, failed: number, outages: number, staleSeconds: number) =>
    summaryWords({ days: 30, succeeded, failed, outages, staleSeconds })
  assert.equal(words(717, 3, 2, 25_200), '99.5 % of 720 syncs succeeded in 30 days, 2 outages, 7 h out of date.')
  assert.equal(words(9_999, 1, 1, 59), '99.9 % of 10,000 syncs succeeded in 30 days, 1 outage, never out of date.')
  assert.equal(words(1, 0, 0, 0), '100 % of 1 sync succeeded in 30 days, no outage, never out of date.')
  assert.equal(words(0, 0, 0, 0), 'No sync has ended in 30 days.')
})
