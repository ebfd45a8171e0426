import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Meter, Preview } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, type TestAgent } from '../support/world.ts'

type Page<Name extends string, Item> = Record<Name, Item[]> & { next: string | null }

/** Returns every page of a list, following `next`. */
async function readPages<Name extends string, Item>(agent: TestAgent, path: string, name: Name): Promise<Item[][]> {
  const pages: Item[][] = []
  for (let next: string | null = ''; next !== null; ) {
    const cursor = `${path.includes('history') ? 'before' : 'after'}=${next}`
    const answer: { status: number; body: Page<Name, Item> } = await agent.api(`${path}?limit=4${next && `&${cursor}`}`)
    assert.equal(answer.status, 200)
    pages.push(answer.body[name])
    next = answer.body.next
  }
  return pages
}

test('R7.11: a page of large meters or changes has fewer items, and all pages together have each item once', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 9)
  const agent = await world.agent()
  await agent.settled()
  const small = await readPages<'meters', Meter>(agent, '/api/meters', 'meters')
  assert.deepEqual(
    small.map((page) => page.length),
    [4, 4, 1],
  )

  await world.source.query(`update meter set name = repeat('long ', 80000) where external_id in (2, 3, 4, 5, 9)`)
  const { body } = await agent.api<Preview>('/api/preview', { method: 'POST' })
  assert.deepEqual([body.counts.updated, body.changes.length], [5, 3])
  const run = await agent.sync()
  await world.source.query(`update meter set name = repeat('longer ', 400000) where external_id = 9`)
  await agent.sync()

  const meters = await readPages<'meters', Meter>(agent, '/api/meters', 'meters')
  assert.deepEqual(
    meters.map((page) => page.map(({ externalId }) => externalId)),
    [['1', '2', '3', '4'], ['5', '6', '7', '8'], ['9']],
  )
  assert.equal(meters.at(-1)?.[0]?.name.length, 2_800_000, 'a meter that is larger than a page gets its own page')

  const changes = await readPages<'changes', Change>(agent, `/api/runs/${run.id}/changes`, 'changes')
  assert.deepEqual(
    changes.map((page) => page.map(({ externalId }) => externalId)),
    [
      ['2', '3', '4'],
      ['5', '9'],
    ],
  )
  const history = await readPages<'changes', Change>(agent, `/api/meters/${meters.at(-1)?.[0]?.id}/history`, 'changes')
  assert.deepEqual(
    history.map((page) => page.map(({ operation }) => operation)),
    [['update'], ['update', 'insert']],
  )
})
