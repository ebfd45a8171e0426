import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMoment, formatStamp, parseTimeStyle, timeStyles } from '../../../web/src/ui/time-style.ts'
import { at, noon } from '../samples.ts'

test('a stored style is restored, and an invalid one is relative', () => {
  for (const style of timeStyles) assert.equal(parseTimeStyle(style), style)
  for (const text of [null, '', 'UTC', 'constructor']) assert.equal(parseTimeStyle(text), 'relative')
})

test('one moment in each style', () => {
  assert.equal(formatMoment(at(-180), 'relative', noon, 'full'), '3 minutes ago')
  assert.equal(formatMoment(at(0), 'utc', noon, 'full'), '5 Mar 2026, 12:00:00 UTC')
  assert.equal(formatMoment(at(0), 'utc', noon, 'short'), '5 Mar, 12:00:00 UTC')
})

test('a future time has no age, but clocks may differ a little; an invalid time is shown unchanged', () => {
  assert.equal(formatMoment(at(3 * 86_400), 'relative', noon, 'full'), 'in 3 days')
  assert.equal(formatMoment(at(30), 'relative', noon, 'full'), 'just now')
  for (const style of timeStyles) assert.equal(formatMoment('infinity', style, noon, 'short'), 'infinity')
})

test('a stamp is never an age, and names UTC only in UTC', () => {
  assert.doesNotMatch(formatStamp(at(0), 'relative', 'short'), /ago|now|UTC/)
  assert.equal(formatStamp(at(0), 'relative', 'full'), formatStamp(at(0), 'local', 'full'))
  assert.match(formatStamp(at(0), 'utc', 'short'), /UTC$/)
})
