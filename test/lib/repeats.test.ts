import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutRepeats } from '../../src/lib/repeats.ts'

test('an error is reported once in ten minutes, whichever queue repeats it', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const reported: unknown[] = []
  const report = withoutRepeats((event) => reported.push(event))
  const first = new Error('connection refused (Queue: north, Worker: 1)')
  const warning = { message: 'a job is slow' }
  report(first)
  report(new Error('connection refused (Queue: south, Worker: 2)'))
  report(new Error('connection refused'))
  report(warning)
  report({ message: 'a job is slow' })
  assert.deepEqual(reported, [first, warning])
  t.mock.timers.tick(10 * 60_000 - 1)
  report(first)
  assert.equal(reported.length, 2)
  t.mock.timers.tick(1)
  report(first)
  assert.equal(reported.length, 3)
})
