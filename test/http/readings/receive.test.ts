import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import { energyReading, postReadings } from '../../support/readings.ts'
import { createWorld } from '../../support/world.ts'

test('bytes that are not UTF-8 are rejected, by line or with the whole array', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const latin = Buffer.from(`${JSON.stringify({ ...energyReading('1', 1), quantity: 'Stärke' })}\n`, 'latin1')
  const good = Buffer.from(JSON.stringify({ ...energyReading('1', 2), quantity: 'Stärke' }))
  const { body } = await postReadings(agent, Buffer.concat([latin, good]))
  assert.deepEqual(body, {
    stored: 1,
    duplicates: 0,
    conflicts: 0,
    waiting: 0,
    rejected: [{ line: 1, reason: 'the line is not UTF-8' }],
  })
  const array = Buffer.concat([Buffer.from('['), latin, Buffer.from(']')])
  const refused = await agent.api<Problem>('/api/readings', { method: 'POST', body: array })
  assert.deepEqual([refused.status, refused.body.code], [400, 'bad_request'])
  assert.match(refused.body.detail, /not UTF-8/)
  const headers = { 'Content-Encoding': 'gzip' }
  const packed = await agent.api<Problem>('/api/readings', { method: 'POST', body: '', headers })
  assert.deepEqual([packed.status, packed.body.code], [400, 'bad_request'])
})

test('F24: a body of too many tiny lines is refused', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  for (const body of ['1\n'.repeat(5_200_000), `[${'1,'.repeat(5_000_000)}1]`, `[${'1,'.repeat(200_000)}1]`]) {
    const { status, body: answer } = await agent.api<Problem>('/api/readings', { method: 'POST', body })
    assert.deepEqual([status, answer.code], [413, 'too_large'])
    assert.match(answer.detail, /more than 200,000 readings/)
  }
})

test('a body in another format is refused, and an empty one stores nothing', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  assert.deepEqual((await postReadings(agent, '')).body, {
    stored: 0,
    duplicates: 0,
    conflicts: 0,
    waiting: 0,
    rejected: [],
  })
  assert.deepEqual((await postReadings(agent, '[]')).body, {
    stored: 0,
    duplicates: 0,
    conflicts: 0,
    waiting: 0,
    rejected: [],
  })
  const broken = await agent.api<Problem>('/api/readings', { method: 'POST', body: '[{"externalId":' })
  assert.deepEqual([broken.status, broken.body.code], [400, 'bad_request'])
  const huge = await agent.api<Problem>('/api/readings', { method: 'POST', body: ' '.repeat(10 * 1_024 * 1_024 + 1) })
  assert.deepEqual([huge.status, huge.body.code], [413, 'too_large'])
})
