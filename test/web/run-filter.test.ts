import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byTrigger, isFiltered, reachOf } from '../../web/src/run-filter.ts'
import { succeeded } from './samples.ts'

test('the runs of a trigger are picked from what was read, in their order', () => {
  const runs = [
    succeeded(3, 30, { trigger: 'manual' }),
    succeeded(2, 20, { trigger: 'schedule' }),
    succeeded(1, 10, { trigger: 'manual' }),
  ]
  assert.deepEqual(
    byTrigger(runs, 'manual').map((run) => run.id),
    ['run-3', 'run-1'],
  )
  assert.equal(byTrigger(runs, null), runs)
  assert.deepEqual(byTrigger(runs, 'mcp'), [])
})

test('a filter says how far it has looked', () => {
  assert.equal(reachOf(1, 20, true), '1 of the 20 newest runs; older ones have not been looked at yet.')
  assert.equal(reachOf(0, 7, false), '0 of 7 runs.')
  assert.equal(reachOf(1, 1, false, 'cancelled run'), '1 of 1 cancelled run.')
})

test('a filter is one when it asks for anything', () => {
  assert.equal(isFiltered({ outcome: null, trigger: null }), false)
  assert.equal(isFiltered({ outcome: 'failed', trigger: null }), true)
  assert.equal(isFiltered({ outcome: null, trigger: 'cli' }), true)
})
