import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import {
  excerptOf,
  firstDifference,
  formatAge,
  formatBytes,
  formatClock,
  formatCount,
  formatCountdown,
  formatDateTime,
  formatDayTime,
  formatDuration,
  formatElapsed,
  formatExact,
  formatValue,
  isLong,
  plural,
  sentences,
} from '../../../web/src/ui/format.ts'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]

type Format = (value: number) => string

/** A test for each value, named by what is expected of it. */
function reads(format: Format, expected: readonly [value: number, text: string][]): void {
  for (const [value, text] of expected) test(`${value} reads "${text}"`, () => assert.equal(format(value), text))
}

describe('a count', () => {
  reads(formatCount, [
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [12_345_678, '12,345,678'],
  ])
  test('takes the plural of its noun, except for one', () => {
    assert.deepEqual(
      [0, 1, 2, 2_000].map((count) => plural(count, 'row')),
      ['0 rows', '1 row', '2 rows', '2,000 rows'],
    )
    assert.equal(plural(2, 'entry', 'entries'), '2 entries')
  })
})

describe('a size', () => {
  reads(formatBytes, [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [135_400, '135 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [2_500_000_000, '2.5 GB'],
    [7e15, '7000 TB'],
  ])
  test('has at most three digits and the right magnitude below a thousand terabytes', () => {
    const factor: Record<string, number> = { byte: 1, bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }
    fc.assert(
      fc.property(fc.nat({ max: 999e12 }), (bytes) => {
        const [value = '', unit = ''] = formatBytes(bytes).split(' ')
        assert.ok(value.replace('.', '').length <= 3, value)
        assert.ok(Math.abs(Number(value) * (factor[unit] ?? 0) - bytes) <= bytes * 0.051, `${value} ${unit}`)
      }),
    )
  })
})

describe('a duration', () => {
  reads(formatDuration, [
    [-5, '0 ms'],
    [0, '0 ms'],
    [83.6, '84 ms'],
    [999, '999 ms'],
    [999.6, '1.0 s'],
    [4_210, '4.2 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min'],
    [3 * minute + 12 * second, '3 min 12 s'],
    [hour - 400, '1 h'],
    [2 * hour + 5 * minute, '2 h 5 min'],
    [day, '1 d'],
    [3 * day + 4 * hour + 59 * minute, '3 d 4 h'],
  ])
  test('never has 60 seconds or minutes, nor 24 hours', () => {
    fc.assert(
      fc.property(fc.nat({ max: 5 * day }), (ms) => {
        assert.doesNotMatch(formatDuration(ms), /\b(60(\.0)? s|60 min|24 h|1000 ms)/)
      }),
    )
  })
})

describe('a duration that still grows', () => {
  reads(formatElapsed, [
    [-300, '0 s'],
    [999, '0 s'],
    [59_999, '59 s'],
    [minute, '1 min'],
    [61_900, '1 min 1 s'],
  ])
})

describe('an age', () => {
  reads(formatAge, [
    [-4 * second, 'just now'],
    [9_999, 'just now'],
    [10_000, '10 seconds ago'],
    [59_999, '50 seconds ago'],
    [minute, '1 minute ago'],
    [119_999, '1 minute ago'],
    [3 * minute, '3 minutes ago'],
    [hour - 1, '59 minutes ago'],
    [hour, '1 hour ago'],
    [2 * day - 1, '47 hours ago'],
    [2 * day, '2 days ago'],
  ])
  test('is never older than the text says', () => {
    const unit: Record<string, number> = { second, minute, hour, day }
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 400 * day }), (ms) => {
        const [, count, name] = /^(\d+) (second|minute|hour|day)s? ago$/.exec(formatAge(ms)) ?? []
        const shownMs = Number(count) * (unit[name ?? ''] ?? Number.NaN)
        assert.ok(shownMs > 0 && shownMs <= ms && ms < shownMs * 2, formatAge(ms))
      }),
    )
  })
})

describe('a countdown', () => {
  reads(formatCountdown, [
    [-second, 'now'],
    [0, 'now'],
    [1, 'in 1 second'],
    [3_001, 'in 4 seconds'],
    [59_000, 'in 59 seconds'],
    [59_001, 'in 1 minute'],
    [12 * minute, 'in 12 minutes'],
    [hour - second, 'in 1 hour'],
    [5 * hour + 20 * minute, 'in 5 hours'],
    [3 * day, 'in 3 days'],
  ])
})

describe('a moment', () => {
  const iso = '2026-03-05T13:03:02.045Z'

  before(() => {
    process.env.TZ = 'Asia/Tokyo'
  })

  test('is formatted in the local time zone, and exactly in UTC', async () => {
    // The formatters keep the zone that they were made in.
    const local: typeof import('../../../web/src/ui/format.ts') = await import(
      `../../../web/src/ui/format.ts?${process.env.TZ}`
    )
    assert.equal(local.formatExact(iso), '5 Mar 2026, 22:03:02 GMT+9 (2026-03-05T13:03:02.045Z)')
    assert.equal(local.formatDateTime(iso), '5 Mar 2026, 22:03:02')
    const now = Date.parse(iso)
    assert.equal(local.formatDayTime(iso, 'local', now), '5 Mar, 22:03:02')
    assert.equal(local.formatDayTime('2025-10-22T01:02:03Z', 'utc', now), '22 Oct 2025, 01:02:03 UTC')
    assert.equal(local.formatClock(Date.parse(iso)), '22:03:02')
  })

  test('has the same seconds in every form', () => {
    for (const text of [formatExact(iso), formatDateTime(iso), formatDayTime(iso), formatClock(Date.parse(iso))]) {
      assert.match(text, /\d\d:\d\d:02/)
    }
    assert.ok(formatExact(iso).endsWith(`(${iso})`))
  })

  test('that is invalid is shown unchanged', () => {
    for (const format of [formatExact, formatDateTime, formatDayTime]) assert.equal(format('infinity'), 'infinity')
  })
})

test('a text is shown unchanged, any other value as JSON, and a missing value as no text', () => {
  const values = ['a "b"', '', 0, false, [1, null], { a: { b: 1 } }, null, undefined]
  assert.deepEqual(values.map(formatValue), ['a "b"', '', '0', 'false', '[1,null]', '{"a":{"b":1}}', null, null])
})

test('a long text is cut to its beginning, or to where it differs, between whole characters', () => {
  assert.equal(isLong('x'.repeat(400)), false)
  assert.equal(isLong('x'.repeat(401)), true)
  assert.equal(excerptOf('x'.repeat(500), 0), `${'x'.repeat(300)} …`)
  const early = `${'a'.repeat(149)}B${'c'.repeat(400)}`
  assert.equal(excerptOf(early, 149), `${early.slice(0, 300)} …`)
  const late = `${'a'.repeat(1_000)}B${'c'.repeat(400)}`
  assert.equal(excerptOf(late, 1_000), `… ${'a'.repeat(60)}B${'c'.repeat(239)} …`)
  assert.equal(excerptOf('a'.repeat(1_000), 1_000), `… ${'a'.repeat(300)}`)
  assert.equal(firstDifference('abc', 'abd'), 2)
  assert.equal(firstDifference('ab', 'abc'), 2)
})

test('an excerpt splits no character, and shows where two texts of equal length differ', () => {
  const letter = fc.constantFrom('a', 'é', '👩', '𝒳')
  const side = fc.array(letter, { minLength: 401, maxLength: 700 }).map((letters) => letters.join(''))
  fc.assert(
    fc.property(side, fc.nat(), (text, place) => {
      const at = place % text.length
      const other = `${text.slice(0, at)}#${text.slice(at + 1)}`
      const from = firstDifference(text, other)
      assert.equal(from, at)
      assert.notEqual(excerptOf(text, from), excerptOf(other, from))
      assert.ok(excerptOf(text, from).isWellFormed())
      assert.ok(excerptOf(text, from).length <= 304)
    }),
  )
})

test('each sentence ends with a full stop, and a missing part is left out', () => {
  assert.equal(sentences('It does not answer', null, 'Try again.', undefined, ''), 'It does not answer. Try again.')
  assert.equal(sentences(null), '')
})
