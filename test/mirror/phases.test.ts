import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('a failed run has its phase, and the duration of each phase', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: 'select external_id, name, 1 / (external_id - 3) as floor from meter',
  })
  const run = await agent.settled()
  assert.deepEqual([run.status, run.phase], ['failed', 'reading'])
  assert.deepEqual(Object.keys(run.timings ?? {}).sort(), ['connecting', 'reading'])
})
