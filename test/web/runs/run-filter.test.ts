import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../../src/wire/types.ts'
import { byTrigger, isFiltered, reachOf, upToDate } from '../../../web/src/runs/run-filter.ts'
import { running, succeeded } from '../samples.ts'

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

test('newer runs come on top of what was read, and what was read is told as it is now', () => {
  const ids = (outcome: 'succeeded' | 'failed' | null, latest: Run[], read: Run[]) =>
    upToDate(read, latest, outcome).map(({ id, status }) => `${id} ${status}`)
  const read = [running(3, 30), succeeded(2, 20)]
  const latest = [succeeded(4, 40), succeeded(3, 30), succeeded(2, 20), succeeded(1, 10)]
  assert.deepEqual(ids(null, latest, read), ['run-4 succeeded', 'run-3 succeeded', 'run-2 succeeded'])
  assert.deepEqual(ids('failed', latest, []), [])
  assert.deepEqual(
    ids('succeeded', latest, []),
    ['run-4', 'run-3', 'run-2', 'run-1'].map((id) => `${id} succeeded`),
  )
  assert.deepEqual(ids('succeeded', [running(5, 50), ...latest], [succeeded(2, 20)]), [
    'run-4 succeeded',
    'run-3 succeeded',
    'run-2 succeeded',
  ])
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
