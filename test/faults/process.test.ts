import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('Fault 30 a rejection that nobody handles is logged and ends the process with a status; the next start recovers', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process({
    NODE_OPTIONS:
      '--import=data:text/javascript,setTimeout(()=>{void(Promise.reject(new(Error)("out-of-the-blue")))},2500)',
  })
  const { code } = await agent.exited
  assert.equal(code, 1)
  const line = agent.log.find(({ level }) => level === 'fatal')
  assert.match(JSON.stringify(line), /out-of-the-blue/)
  const successor = await world.process()
  assert.equal((await successor.settled()).status, 'succeeded')
})
