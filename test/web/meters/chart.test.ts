import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlaggedReading, ReadingGap } from '../../../src/wire/types.ts'
import { type Chart, chartsOf, nearest } from '../../../web/src/meters/chart.ts'
import { readingText } from '../../../web/src/ui/reading-text.ts'
import { at, noon } from '../samples.ts'

const reading = (seconds: number, value: unknown, quantity = 'energy'): FlaggedReading => ({
  quantity,
  readAt: at(seconds),
  value,
  unit: 'kWh',
  flags: [],
})

/** The charts of 100 seconds after noon: a second is a hundredth of the plot. */
function charts(readings: readonly FlaggedReading[], gaps: readonly ReadingGap[] = [], now = 100): Chart[] {
  return chartsOf(readings, gaps, { from: noon, to: noon + 100_000, now: noon + now * 1000 })
}

function labels(values: readonly unknown[]): string[] {
  return charts(values.map((value, index) => reading(index, value)))[0]?.grid.map(({ label }) => label) ?? []
}

test('each quantity is a chart, with its readings at their times between round values', () => {
  const [energy, power] = charts([reading(5, 7, 'power'), reading(20, 30), reading(10, 20), reading(0, 10)])
  assert.equal(energy?.line, 'M0 100h0L10 50L20 0')
  assert.equal(energy?.dots, 'M0 100h0M10 50h0M20 0h0')
  assert.deepEqual(
    [energy?.lowest, energy?.highest, energy?.newest].map((point) => point?.reading.value),
    [10, 30, 30],
  )
  assert.equal(power?.points.length, 1)
  // More than 100 readings are drawn as a line only.
  const drawn = (count: number) => charts(Array.from({ length: count }, (_, index) => reading(index, index)))[0]
  assert.equal(drawn(100)?.dots.match(/M/g)?.length, 100)
  assert.deepEqual([drawn(101)?.dots, drawn(101)?.points.length], ['', 101])
})

test('the grid has round values, and zero where the values are near it or on both sides of it', () => {
  assert.deepEqual(labels([1000, 4481]), ['0', '2,000', '4,000', '6,000'])
  assert.deepEqual(labels([2.1, 9]), ['0', '5', '10'])
  assert.deepEqual(labels([-9, -2.1]), ['-10', '-5', '0'])
  assert.deepEqual(labels([-9, -2.9]), ['-10.0', '-7.5', '-5.0', '-2.5'])
  assert.deepEqual(labels([227.1, 233.9]), ['225.0', '227.5', '230.0', '232.5', '235.0'])
  assert.deepEqual(labels([-1.2, 3]), ['-2', '0', '2', '4'])
  assert.deepEqual(labels([-9, -1]), ['-10', '-5', '0'])
  assert.deepEqual(labels([5, 5]), ['4.6', '4.8', '5.0', '5.2', '5.4'])
  assert.deepEqual(labels([0, 0]), ['-1', '0', '1'])
  assert.deepEqual(labels([12_345_678.25, 12_345_678.75]), [
    '12,345,678.2',
    '12,345,678.4',
    '12,345,678.6',
    '12,345,678.8',
  ])
  const zeros = charts([reading(0, -1), reading(1, 1)])[0]?.grid.filter(({ zero }) => zero)
  assert.deepEqual(zeros, [{ y: 50, label: '0', zero: true }])
})

test('values of any size have few lines in the grid, each with another label', () => {
  for (const values of [
    [1e-300, 2e-300],
    [1e-9, 3e-9],
    [1e18, 1e18 + 512],
    [-1e299, 1e299],
    ['12345678901234567890.125'],
  ]) {
    const found = labels(values)
    assert.ok(found.length >= 2 && found.length <= 6, `${values}: ${found}`)
    assert.ok(
      found.every((label) => /\d/.test(label)),
      `${found}`,
    )
    assert.equal(new Set(found).size, found.length, `${found}`)
  }
})

test('the line ends where a gap begins, and a gap that has not ended is drawn until now', () => {
  const gap = (from: number, to: number | null, quantity = 'energy') => ({
    quantity,
    from: at(from),
    to: to === null ? null : at(to),
    missing: 1,
  })
  const readings = [0, 10, 40, 50].map((seconds) => reading(seconds, 1))
  const [chart] = charts(readings, [gap(50, null), gap(10, 40), gap(-50, 0), gap(0, 100, 'power')], 70)
  assert.equal(chart?.line, 'M0 33.33h0L10 33.33M40 33.33h0L50 33.33')
  assert.deepEqual(
    chart?.gaps.map(({ x, width }) => [x, width]),
    [
      [50, 20],
      [10, 30],
      [0, 0],
    ],
  )
})

test('the reading nearest to a time is chosen', () => {
  const points = charts([0, 10, 40].map((seconds) => reading(seconds, seconds)))[0]?.points ?? []
  assert.deepEqual(
    [-99, 4, 6, 24, 26, 99].map((seconds) => nearest(points, noon + seconds * 1000)),
    [0, 0, 1, 1, 2, 2],
  )
})

test('values with more digits than a number holds are drawn, and shown with all of them', () => {
  const long = reading(0, '12345678901234567890.125')
  assert.equal(charts([long]).length, 1)
  assert.equal(readingText(long), '12345678901234567890.125 kWh')
})

test('a value that is not a number, and a time that is not one, are left out', () => {
  const nowhere = { ...reading(0, 1), readAt: 'infinity' }
  assert.deepEqual(charts([reading(0, 'NaN'), reading(1, null), reading(2, ''), reading(3, '1e400'), nowhere]), [])
  assert.deepEqual(charts([]), [])
})
