import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProcesses } from '../../src/live/processes.ts'
import { eventually } from '../support/world.ts'

test('a worker that falls silent is no longer counted, and none is claimed to be missing before all could be heard', async () => {
  let changes = 0
  const processes = createProcesses({ pingInterval: 20, onChange: () => void changes++ })
  assert.equal(processes.workers('north'), null)
  assert.equal(processes.heard('one', ['north', 'south']), true)
  assert.equal(processes.heard('two', ['north']), true)
  assert.equal(processes.heard('page', []), true)
  assert.equal(processes.heard('two', ['north']), false)
  assert.deepEqual([processes.workers('north'), processes.workers('south')], [2, 1])
  assert.equal(changes, 2)
  processes.heard('two', [])
  assert.equal(processes.workers('north'), 1)
  await eventually(async () => {
    processes.check()
    return processes.workers('north') === 0
  })
  const settled = changes
  processes.check()
  assert.equal(changes, settled)
  processes.forget()
  assert.equal(processes.workers('north'), null)
})
