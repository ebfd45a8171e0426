import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readingSpans } from '../../../web/src/routing/route.ts'
import { at, noon } from '../samples.ts'

// Where the clocks change; the modules keep the zone in which they are imported.
process.env.TZ = 'Europe/Berlin'
const { dayOfReading, periodName, periodOf, usualSpan } = await import('../../../web/src/meters/period.ts')
const { dayOf, daysLater } = await import('../../../web/src/ui/days.ts')

const labels = (day: string, span: (typeof readingSpans)[number]) =>
  periodOf(day, span, 'utc')
    .ticks.map(({ label }) => label)
    .join(', ')

test('a period ends with its day, and its axis has readable times', () => {
  const { from, to } = periodOf('2026-03-01', 'week', 'utc')
  assert.deepEqual(
    [from, to].map((ms) => new Date(ms).toISOString().slice(0, 16)),
    ['2026-02-23T00:00', '2026-03-02T00:00'],
  )
  assert.equal(labels('2026-03-01', 'day'), '00:00, 03:00, 06:00, 09:00, 12:00, 15:00, 18:00, 21:00, 24:00')
  assert.equal(labels('2026-03-01', 'week'), '23 Feb, 24 Feb, 25 Feb, 26 Feb, 27 Feb, 28 Feb, 1 Mar')
  assert.equal(labels('2026-03-30', 'month'), '1 Mar, 6 Mar, 11 Mar, 16 Mar, 21 Mar, 26 Mar')
})

test('every tick lies within its period, on days with 23 and 25 hours too', () => {
  const hours = ['2026-03-29', '2026-10-25']
    .map((day) => periodOf(day, 'day', 'local'))
    .map(({ from, to }) => to - from)
  assert.deepEqual(hours, [23 * 3_600_000, 25 * 3_600_000])
  for (const zone of ['local', 'utc'] as const) {
    for (const day of ['2026-03-29', '2026-10-25', '2026-12-31']) {
      for (const span of readingSpans) {
        const { from, to, ticks } = periodOf(day, span, zone)
        assert.equal(ticks[0]?.at, from)
        assert.ok(
          ticks.every((tick, index) => tick.at <= to && tick.at > (ticks[index - 1]?.at ?? 0)),
          `${day} ${span}`,
        )
        assert.equal(dayOf(to - 1, zone), day)
      }
    }
  }
})

test('a period is named by its days', () => {
  assert.equal(periodName(periodOf('2026-03-01', 'day', 'utc')), '1 Mar 2026')
  assert.equal(periodName(periodOf('2026-03-01', 'week', 'utc')), '23 Feb to 1 Mar 2026')
  assert.equal(periodName(periodOf('2026-01-01', 'month', 'utc')), '3 Dec 2025 to 1 Jan 2026')
})

test('the first period is the day of the last reading, or more days of a meter that is read rarely', () => {
  assert.equal(dayOfReading(at(0), 0, 'utc'), '2026-03-05')
  assert.equal(dayOfReading('infinity', noon, 'utc'), '2026-03-05')
  assert.deepEqual([1, 15, 60, 180, 720, 1440, 10_080].map(usualSpan), [
    'day',
    'day',
    'day',
    'day',
    'week',
    'month',
    'month',
  ])
})

test('days are counted over the ends of months and years', () => {
  assert.equal(daysLater('2026-02-28', 1), '2026-03-01')
  assert.equal(daysLater('2026-01-01', -1), '2025-12-31')
})
