import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Meter, Problem, Rejected, Run } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('R7.11: lists are paged by key: each run, change, meter and rejected row appears once, in order', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 25)
  const { api, settled, sync } = await world.agent()
  const first = await settled()
  await world.source.query(`update meter set name = 'Renamed' where external_id % 2 = 0`)
  await world.source.query(`insert into meter (external_id, name) select n, ' ' from generate_series(100, 106) n`)
  const second = await sync()
  for (let count = 0; count < 3; count++) await sync()

  async function all<Item>(path: string, name: string, parameter: string): Promise<Item[]> {
    const items: Item[] = []
    let next: string | null = null
    do {
      const page: string = next === null ? '' : `&${parameter}=${encodeURIComponent(next)}`
      const { status, body } = await api<Record<string, Item[]> & { next: string | null }>(`${path}limit=4${page}`)
      assert.equal(status, 200)
      items.push(...(body[name] ?? []))
      next = body.next
    } while (next !== null)
    return items
  }
  const runs = await all<Run>('/api/runs?', 'runs', 'before')
  assert.equal(runs.length, 5)
  assert.deepEqual(
    runs.map(({ queuedAt }) => queuedAt),
    runs
      .map(({ queuedAt }) => queuedAt)
      .toSorted()
      .toReversed(),
  )
  const meters = await all<Meter>('/api/meters?', 'meters', 'after')
  assert.deepEqual(
    meters.map(({ externalId }) => externalId),
    Array.from({ length: 25 }, (_, at) => String(at + 1)),
  )
  const inserts = await all<Change>(`/api/runs/${first.id}/changes?`, 'changes', 'after')
  assert.equal(inserts.length, 25)
  assert.ok(
    inserts.every(({ operation, before, after }) => operation === 'insert' && before === null && after === null),
  )
  const updates = await all<Change>(`/api/runs/${second.id}/changes?operation=update&`, 'changes', 'after')
  assert.deepEqual(new Set(updates.map(({ externalId }) => Number(externalId) % 2)), new Set([0]))
  assert.deepEqual(updates[0]?.after, { name: 'Renamed' })
  const rejected = await all<Rejected>(`/api/runs/${second.id}/rejected?`, 'rejected', 'after')
  assert.deepEqual(
    rejected.map(({ externalId }) => externalId),
    ['100', '101', '102', '103', '104', '105', '106'],
  )
  const [meter] = (await api<{ meters: Meter[] }>('/api/meters?q=renamed&state=active&limit=1')).body.meters
  const history = await all<Change>(`/api/meters/${meter?.id}/history?`, 'changes', 'before')
  assert.deepEqual(
    history.map(({ operation, runId }) => [operation, runId]),
    [
      ['update', second.id],
      ['insert', first.id],
    ],
  )
  assert.deepEqual((await api<Meter>(`/api/meters/${meter?.id}`)).body, meter)
})

test('R7.15: numbers in attributes are returned with all their digits', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `select 1 as external_id, 'One' as name, 12345678901234567890.1234567890 as big, 1.50 as trailing, 0.1::float8 as short`,
  })
  await agent.settled()
  const text = await (await fetch(`${agent.url}/api/meters`)).text()
  assert.ok(text.includes('"big":12345678901234567890.1234567890'), text)
  assert.ok(text.includes('"trailing":1.50') && text.includes('"short":0.1'), text)
})

test('search ignores case in every script', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 0)
  await world.source.query(`alter table meter alter external_id type text using external_id::text`)
  await world.source.query(
    `insert into meter (external_id, name, serial_number) values ('ÄÖÜ-1', 'Zähler ÉCOLE', 'ÑANDÚ Straße ΣΊΣΥΦΟΣ')`,
  )
  const agent = await world.agent()
  await agent.settled()
  for (const search of ['äöü', 'école', 'ñandú', 'ZÄHLER', 'ÑAND', 'straße', 'öü-', 'COLE', 'nd', 'ΣΊΣ', 'σίσυφος']) {
    const { body } = await agent.api<{ meters: unknown[] }>(`/api/meters?q=${encodeURIComponent(search)}`)
    assert.equal(body.meters.length, 1, search)
  }
})

test('search takes wildcards and backslashes literally', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `select * from (values (1, '100 % sure'), (2, 'under_score'), (3, 'back\\slash'), (4, 'Other')) m (external_id, name)`,
  })
  await agent.settled()
  for (const [search, expected] of [
    ['%', '1'],
    ['_', '2'],
    ['\\', '3'],
    ['OTHER', '4'],
  ] as const) {
    const { body } = await agent.api<{ meters: Meter[] }>(`/api/meters?q=${encodeURIComponent(search)}`)
    assert.deepEqual(
      body.meters.map(({ externalId }) => externalId),
      [expected],
    )
  }
})

test('R7.16: meters are found by exact id first, by kind and location, with their total and the pages after', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 120)
  const agent = await world.agent()
  await agent.settled()
  type Page = { meters: { externalId: string }[]; total: number | null; next: string | null }
  const page = async (query: string) => (await agent.api<Page>(`/api/meters?${query}`)).body
  const five = await page('q=5&limit=3')
  assert.deepEqual(
    five.meters.map(({ externalId }) => externalId),
    ['5', '12', '15'],
  )
  const seen = five.meters.map(({ externalId }) => externalId)
  for (let { next } = five; next !== null; ) {
    const more = await page(`q=5&limit=3&after=${next}`)
    assert.equal(more.total, null)
    seen.push(...more.meters.map(({ externalId }) => externalId))
    next = more.next
  }
  assert.equal(new Set(seen).size, seen.length)
  assert.equal(seen.length, five.total)
  const other = await agent.api<Problem>(`/api/meters?sort=name&after=${five.next}`)
  assert.match(other.body.detail, /after: expected the next of a page with the same sort and order/)
  const alone = await page('q=5&limit=1')
  assert.deepEqual(
    [alone.meters[0]?.externalId, (await page(`q=5&limit=1&after=${alone.next}`)).meters[0]?.externalId],
    ['5', '12'],
  )
  assert.equal((await page('')).total, 120)
  assert.equal((await page('kind=electricity&location=Hall%203')).total, 17)
  assert.equal((await page('kind=water')).total, 0)
  assert.equal((await page('state=inactive&limit=1')).total, 0)
  assert.equal((await page('state=active&limit=1')).total, 120)
  const beyond = Buffer.from('"a\\u0000"').toString('base64url')
  for (const [parameter, text] of [
    ['q', '%00'],
    ['kind', 'a%00'],
    ['location', '%00'],
    ['after', beyond],
  ]) {
    const { status, body } = await agent.api<Problem>(`/api/meters?${parameter}=${text}`)
    assert.equal(status, 400)
    assert.match(body.detail, new RegExp(`^The parameters are invalid: ${parameter}: expected `))
  }
})
