import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProcesses } from '../../src/live/processes.ts'
import { eventually } from '../support/world.ts'

test('a worker whose pings stop is no longer counted, and no worker is reported missing before all have had time to ping', async () => {
  let changes = 0
  const processes = createProcesses({ pingIntervalMs: 20, onChange: () => void changes++ })
  assert.equal(processes.countWorkers('north'), null)
  assert.equal(processes.record('one', ['north', 'south']), true)
  assert.equal(processes.record('two', ['north']), true)
  assert.equal(processes.record('page', []), true)
  assert.equal(processes.record('two', ['north']), false)
  assert.deepEqual([processes.countWorkers('north'), processes.countWorkers('south')], [2, 1])
  assert.equal(changes, 2)
  processes.record('two', [])
  assert.equal(processes.countWorkers('north'), 1)
  await eventually(async () => {
    processes.removeSilent()
    return processes.countWorkers('north') === 0
  })
  const settled = changes
  processes.removeSilent()
  assert.equal(changes, settled)
  processes.clear()
  assert.equal(processes.countWorkers('north'), null)
})
