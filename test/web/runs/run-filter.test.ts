import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../../src/wire/types.ts'
import { isFiltered, matches, queryOf, upToDate } from '../../../web/src/runs/run-filter.ts'
import { failed, running, succeeded } from '../samples.ts'

const all = { status: null, trigger: null, from: null, to: null }

test('a run that arrives is listed where the agent lists it', () => {
  const run = failed(3, 30, { trigger: 'manual', queuedAt: '2026-03-05T23:30:00.000Z' })
  assert.ok(matches(run, all))
  assert.ok(matches(run, { ...all, status: 'failed', trigger: 'manual' }))
  assert.equal(matches(run, { ...all, status: 'succeeded' }), false)
  assert.equal(matches(run, { ...all, trigger: 'schedule' }), false)
  const day = queryOf({ outcome: null, trigger: null, day: '2026-03-05' }, 'utc')
  assert.deepEqual(day, { ...all, from: '2026-03-05T00:00:00.000Z', to: '2026-03-06T00:00:00.000Z' })
  assert.ok(matches(run, day))
  assert.equal(matches({ ...run, queuedAt: '2026-03-06T00:00:00.000Z' }, day), false)
  assert.equal(matches({ ...run, queuedAt: '2026-03-04T23:59:59.999Z' }, day), false)
})

test('newer runs come first, and runs that were read are shown in their latest state', () => {
  const ids = (status: 'succeeded' | 'failed' | null, latest: Run[], read: Run[]) =>
    upToDate(read, latest, { ...all, status }).map(({ id, status }) => `${id} ${status}`)
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

test('a filter is set when any of its choices is', () => {
  const none = { outcome: null, trigger: null, day: null }
  assert.equal(isFiltered(none), false)
  assert.equal(isFiltered({ ...none, outcome: 'failed' }), true)
  assert.equal(isFiltered({ ...none, trigger: 'cli' }), true)
  assert.equal(isFiltered({ ...none, day: '2026-03-05' }), true)
})
