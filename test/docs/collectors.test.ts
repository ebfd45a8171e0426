import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import pg from 'pg'
import { maxWaiting } from '../../src/readings/waiting.ts'
import { readingFlags } from '../../src/wire/lists.ts'
import type { Collection, StoredReadings } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const guide = readFileSync(new URL('../../docs/collectors.md', import.meta.url), 'utf8')

test('collectors.md: the readings are taken as shown, and the role may insert readings and nothing else', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query('insert into meter (external_id, name) values (100234, $1)', ['Boiler'])
  const agent = await world.agent()
  await agent.settled()
  const [json, csv] = [
    /```json\n([\s\S]*?)```/.exec(guide)?.[1] ?? '',
    /```\n(externalId,[\s\S]*?)```/.exec(guide)?.[1] ?? '',
  ]
  const post = async (body: string) => (await agent.api<StoredReadings>('/api/readings', { method: 'POST', body })).body
  const answer = await post(json)
  assert.equal(answer.stored, 1)
  assert.equal((await post(csv)).duplicates, 1)
  assert.ok(guide.includes(`\`{ ${Object.keys(answer).join(', ')} }\``))
  for (const flag of readingFlags) assert.ok(guide.includes(`\`${flag}\``), flag)
  assert.ok(guide.includes(`${maxWaiting.toLocaleString('en')} at most`))

  const [grants = '', insert = ''] = [...guide.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block]) => block)
  const role = `collector_${world.sync.name}`
  const named = grants
    .replaceAll(/\bcollector\b/g, role)
    .replaceAll('meter_sync', world.sync.name)
    .replace("'…'", "'collector'")
  await world.sync.query(named)
  world.after(() => world.sync.query(`drop owned by ${role}; drop role ${role}`))
  const url = new URL(world.sync.url)
  url.username = role
  url.password = 'collector'
  const client = new pg.Client(url.href)
  await client.connect()
  try {
    assert.equal((await client.query(insert)).rowCount, 0, 'the same reading')
    assert.equal((await client.query(insert.replace("'2026-01-31T12:00:00Z'", 'now()'))).rowCount, 1)
    for (const refused of [
      'select * from sync.meter',
      'select * from sync.meter_reading',
      'delete from sync.meter_reading',
    ])
      await assert.rejects(client.query(refused), { code: '42501' }, refused)
  } finally {
    await client.end()
  }
  const { meters } = (await agent.api<Collection>('/api/collection')).body
  assert.deepEqual([meters.reporting, meters.never], [1, 3])
})
