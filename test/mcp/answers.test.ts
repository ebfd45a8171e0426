import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { call, connect, specifications } from '../support/mcp.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('answers are short by default: 20 rows with only the values that differ', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const further = Array.from({ length: 40 }, (_, at) => `add further_${at} text default 'of little use here'`)
  await world.source.query(`alter table meter ${further.join(', ')}`)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set further_7 = 'moved', multiplier = null where external_id <= 30`)
  await world.source.query(`update meter set name = ' ' where external_id > 30`)
  const client = await connect(world, { transport: 'http', url: agent.url }, specifications[1])
  const changesOf = z.object({ changes: z.array(z.record(z.string(), z.unknown())) })
  const differing = {
    operation: 'update',
    name: 'Meter 1',
    before: { attributes: { further_7: 'of little use here', multiplier: 1.5 } },
    after: { attributes: { further_7: 'moved', multiplier: null } },
  }
  const short = async (name: string, args: Record<string, unknown>, most: number) => {
    const answer = await call(client, name, args)
    const { length } = JSON.stringify(answer)
    assert.ok(length <= most, `${name}: ${length} characters`)
    return answer
  }
  const previewed = changesOf.parse(await short('preview_meter_sync', {}, 5_000))
  const first = previewed.changes.find(({ externalId }) => externalId === '1')
  assert.deepEqual([previewed.changes.length, first], [20, { meterId: first?.meterId, externalId: '1', ...differing }])
  const { id: runId } = await agent.sync()
  const { changes } = changesOf.parse(await short('list_meter_changes', { runId }, 5_000))
  assert.deepEqual([changes.length, changes[0]], [20, first])
  const rejected = z.object({ rejected: z.array(z.record(z.string(), z.unknown())) })
  const rows = rejected.parse(await short('list_rejected_rows', { runId }, 1_500)).rejected
  assert.deepEqual([rows.length, Object.keys(rows[0] ?? {})], [20, ['externalId', 'code', 'reason']])
  await short('find_meters', {}, 4_000)
  await short('list_sync_runs', {}, 6_000)
  const one = z.object({ history: changesOf }).parse(await call(client, 'get_meter', { externalId: '1' }))
  const { at, ...changed } = one.history.changes[0] ?? {}
  const { name: _, ...unnamed } = differing
  assert.deepEqual([typeof at, changed], ['string', { runId, ...unnamed }])
  const { length } = JSON.stringify((await client.listTools()).tools)
  assert.ok(length < 55_000, `the tools are described in ${length} characters`)
})

test('a page ends at about 60,000 characters, and the next one continues it', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 40)
  await world.source.query(`update meter set location = repeat('x', 4000)`)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set location = repeat('y', 4000) where external_id <= 30`)
  await world.source.query(`update meter set name = repeat('z', 100000) where external_id = 7`)
  const client = await connect(world, { transport: 'http', url: agent.url }, specifications[0])

  const previewed = await call(client, 'preview_meter_sync')
  assert.ok(JSON.stringify(previewed).length < 62_000)
  const preview = z.object({ counts: z.object({ updated: z.int() }), changes: z.array(z.unknown()) }).parse(previewed)
  assert.equal(preview.counts.updated, 30)
  assert.ok(preview.changes.length >= 1 && preview.changes.length < 30)

  await agent.sync()
  const page = z.object({ meters: z.array(z.object({ externalId: z.string() })), next: z.string().nullable() })
  const seen: string[][] = []
  let after: string | null = null
  do {
    const found = page.parse(await call(client, 'find_meters', { limit: 200, ...(after !== null && { after }) }))
    const { length } = JSON.stringify(found.meters)
    assert.ok(length <= 61_000 || found.meters.length === 1, `${found.meters.length} meters of ${length} characters`)
    seen.push(found.meters.map(({ externalId }) => externalId))
    after = found.next
  } while (after !== null)
  assert.deepEqual(
    seen.flat(),
    Array.from({ length: 40 }, (_, at) => String(at + 1)),
  )
  assert.ok(seen.length > 3 && seen.length < 8, `${seen.length} pages`)
})
