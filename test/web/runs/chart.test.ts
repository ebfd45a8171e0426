import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chartOf } from '../../../web/src/runs/chart.ts'
import { confirms } from '../../../web/src/ui/confirm.ts'
import { cancelled, counts, failed, running, succeeded } from '../samples.ts'

const sizes = { height: 100, durationHeight: 20, slots: 4 }

test('the last runs that ended stand in the chart, oldest first', () => {
  const runs = [running(6, 60), succeeded(5, 50), failed(4, 40), cancelled(3, 30), succeeded(2, 20), succeeded(1, 10)]
  const { bars } = chartOf(runs, sizes)
  assert.deepEqual(
    bars.map(({ run, changes }) => [run.id, changes]),
    [
      ['run-2', 0],
      ['run-3', null],
      ['run-4', null],
      ['run-5', 0],
    ],
  )
  assert.deepEqual(chartOf([running(6, 60)], sizes).bars, [])
})

test('three changes are seen beside a million', () => {
  const [few, many] = chartOf(
    [
      succeeded(2, 20, { counts: counts({ inserted: 1_000_000 }) }),
      succeeded(1, 10, { counts: counts({ updated: 3 }) }),
    ],
    sizes,
  ).bars
  assert.ok((few?.segments[0]?.height ?? 0) >= 8)
  assert.equal(many?.segments[0]?.height, 100)
})

test('whatever was counted, a bar stays within the plot, its pieces touch, and none that is not zero is invisible', () => {
  const count = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(10_000_000))
  const some = fc.record({ inserted: count, updated: count, deleted: count })
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 8 }), (all) => {
      const runs = all.map((counted, index) => succeeded(index, index, { counts: counts(counted) })).toReversed()
      const { bars, lines } = chartOf(runs, { ...sizes, slots: 8 })
      for (const [index, { segments, x, width }] of bars.entries()) {
        const counted = all[index]
        assert.ok(x >= 0 && x + width <= 100.001)
        assert.equal(segments.length, Object.values(counted ?? {}).filter((value) => value > 0).length)
        let bottom = 100
        for (const { y, height } of segments) {
          assert.ok(height >= 2)
          assert.ok(Math.abs(y + height - bottom) < 1e-9)
          bottom = y
        }
        assert.ok(bottom >= -1e-9, `it begins at ${bottom}`)
      }
      assert.ok(lines.length <= 4)
      for (const { y } of lines) assert.ok(y >= -1e-9 && y < 100)
    }),
  )
})

test('a number is confirmed by typing it, with or without separators, and by nothing else', () => {
  for (const typed of ['1234', ' 1234 ', '1,234', '1 234', '1.234', "1'234"]) assert.ok(confirms(typed, 1234), typed)
  for (const typed of ['', '123', '12345', '12,34', '1234x', '-1234', '1e3', '1,2,3,4'])
    assert.equal(confirms(typed, 1234), false, typed)
})
