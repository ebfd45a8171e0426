import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reading } from '../../../src/wire/types.ts'
import { seriesOf } from '../../../web/src/meters/readings.ts'
import { readingText } from '../../../web/src/ui/reading-text.ts'
import { at } from '../samples.ts'

const reading = (seconds: number, value: unknown, quantity = 'energy'): Reading => ({
  quantity,
  readAt: at(seconds),
  value,
  unit: 'kWh',
})

test('each quantity is a line from its oldest reading to its newest, across the whole box', () => {
  const [energy, power] = seriesOf([reading(20, 30), reading(10, 20), reading(0, 10), reading(5, 7, 'power')])
  assert.equal(energy?.path, 'M0 100h0L0 100L50 50L100 0')
  assert.deepEqual([energy?.lowest.value, energy?.highest.value, energy?.newest.value], [10, 30, 30])
  assert.equal(power?.path, 'M50 50h0L50 50', 'one reading is a dot in the middle')
})

test('a gap in the readings is a gap in the line', () => {
  const [series] = seriesOf([0, 1, 2, 3, 4, 100, 101].map((seconds) => reading(seconds, 1)))
  assert.equal(series?.path.split('M').length, 3)
})

test('values with more digits than a number holds are drawn, and told with all of them', () => {
  const long = reading(0, '12345678901234567890.125')
  assert.equal(seriesOf([long]).length, 1)
  assert.equal(readingText(long), '12345678901234567890.125 kWh')
})

test('what is no number is left out', () => {
  assert.deepEqual(seriesOf([reading(0, 'NaN'), reading(1, null), reading(2, '')]), [])
  assert.deepEqual(seriesOf([]), [])
})
