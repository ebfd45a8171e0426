import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { decideSilent } from '../../src/alerts/decide.ts'
import type { CollectionGroup, Gaps, Meter, SilentMeter } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { openReceiver, webhookEnvironment } from '../support/receiver.ts'
import { createWorld, type Database } from '../support/world.ts'

/** Stores a reading of each meter from one external id to another, `hours` and as many minutes old as its external id says. */
async function collect(sync: Database, { from, to, hours }: { from: number; to: number; hours: number }) {
  await sync.query(
    `insert into sync.meter_reading (meter_id, quantity, read_at, value)
     select id, 'energy', now() - make_interval(mins => $3::int * 60 + external_id::int), 1
     from sync.meter where external_id::int between $1 and $2`,
    [from, to, hours],
  )
}

test('R6.2: one short MCP answer lists which meters are silent, since when and where', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  // Names as long as they are in practice.
  await world.source.query(`
    update meter set
      name = 'Main electricity meter of the cooling circuit no. ' || external_id,
      location = 'Pumping station North-East, ' || location`)
  const agent = await world.agent()
  await agent.settled()
  await collect(world.sync, { from: 1, to: 50, hours: 24 })
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'energy', now() - interval '2 days', 1 from sync.meter where external_id::int between 51 and 60`)
  await collect(world.sync, { from: 61, to: 190, hours: 0 })
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'energy', '-infinity', 1 from sync.meter where external_id = '200'`)
  const client = new Client({ name: 'test', version: '1' })
  world.after(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(new URL(`${agent.url}/mcp`)))
  const call = async <Content>(name: string, args: Record<string, unknown> = {}) => {
    const { structuredContent, isError } = await client.callTool({ name, arguments: args })
    assert.ok(!isError, JSON.stringify(structuredContent))
    return structuredContent as Content
  }
  type Listed = Omit<SilentMeter, 'readingIntervalMinutes'>
  type Silent = { silent: number; groups: CollectionGroup[]; meters: Listed[]; next: string | null }
  const first = await call<Silent>('list_silent_meters')
  // Less than 2,000 tokens: one has about three characters of such text.
  assert.ok(JSON.stringify(first).length < 5_500, `${JSON.stringify(first).length} characters`)
  assert.deepEqual([first.silent, first.meters.length, first.groups.length], [61, 20, 7])
  const newest = first.meters[0]
  assert.deepEqual(
    [newest?.externalId, newest?.name, newest?.location],
    ['1', 'Main electricity meter of the cooling circuit no. 1', 'Pumping station North-East, Hall 1'],
  )
  assert.ok(Math.abs(Date.parse(newest?.lastReadAt ?? '') - Date.now() + (24 * 60 + 1) * 60_000) < 60_000)
  assert.equal(
    first.groups.reduce((sum, { silent }) => sum + silent, 0),
    61,
  )
  assert.deepEqual(Object.keys(first.groups[0] ?? {}), ['location', 'kind', 'silent', 'silentSince'])

  // The pages of the tool are those of the API.
  const all: Listed[] = []
  for (let before = ''; ; ) {
    const { body } = await agent.api<{ meters: SilentMeter[]; next: string | null }>(
      `/api/collection/silent?limit=27${before}`,
    )
    all.push(...body.meters.map(({ readingIntervalMinutes: _, ...meter }) => meter))
    if (body.next === null) break
    before = `&before=${body.next}`
  }
  // Of meters that were read at the same time the newest comes first, also across pages.
  const readAtOnce = await world.sync.query<{ id: string }>(
    'select external_id as id from sync.meter where external_id::int between 51 and 60 order by meter.id desc',
  )
  const expected = [...Array.from({ length: 50 }, (_, at) => String(at + 1)), ...readAtOnce.map(({ id }) => id), '200']
  assert.deepEqual(
    all.map(({ externalId }) => externalId),
    expected,
  )
  assert.equal(all.at(-1)?.lastReadAt, null)
  assert.deepEqual(all.slice(0, 20), first.meters)
  const second = await call<Silent>('list_silent_meters', { before: first.next })
  assert.deepEqual(second.meters, all.slice(20, 40))

  const { body } = await agent.api<{ groups: CollectionGroup[] }>('/api/collection/groups')
  const silentByGroup = body.groups.map(({ silent }) => silent)
  assert.deepEqual(
    silentByGroup,
    silentByGroup.toSorted((one, other) => other - one),
  )
  const sum = (state: 'reporting' | 'late' | 'silent' | 'never') =>
    body.groups.reduce((total, group) => total + group[state], 0)
  assert.deepEqual([sum('reporting'), sum('late'), sum('silent'), sum('never')], [59, 71, 61, 9])
  const status = await call<{ meters: Record<string, number>; groups: CollectionGroup[] }>('get_collection_status')
  assert.deepEqual(status.groups, body.groups)
  assert.equal(status.meters.silent, 61)
})

test('R6.4: gaps follow from the expected interval, for each quantity, including a gap that continues', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  const agent = await world.agent({ READING_INTERVAL_MINUTES: '15' })
  await agent.settled()
  // Every 15 minutes, give or take 4, but from 3:00 to 5:00; power ends at 10:00.
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, q, timestamptz '2026-01-01 00:00Z' + n * interval '15 minutes' + n * 7 % 5 * interval '1 minute', 1
    from sync.meter, unnest('{energy,power}'::text[]) q, generate_series(0, 95) n
    where external_id = '1' and n not between 12 and 19 and (q = 'energy' or n < 40)`)
  const [meter, other] = (await agent.api<{ meters: Meter[] }>('/api/meters')).body.meters
  const gapsOf = async (search: string) =>
    (await agent.api<Gaps>(`/api/meters/${meter?.id}/gaps?${search}`)).body.gaps.map(
      ({ quantity, from, to, missing }) => `${quantity} ${from.slice(11, 16)} ${to?.slice(11, 16) ?? 'on'} ${missing}`,
    )
  const night = ['energy 02:47 05:00 8', 'power 02:47 05:00 8']
  const day = 'from=2026-01-01T00:00:00Z&to=2026-01-01T23:50:00Z'
  assert.deepEqual(await gapsOf(day), ['power 09:48 on 55', ...night])
  // What began before the time is seen whole, and nothing before the first reading is a gap.
  assert.deepEqual(await gapsOf('from=2026-01-01T04:00:00Z&to=2026-01-01T09:00:00Z'), night)
  assert.deepEqual(await gapsOf('from=2025-12-01T00:00:00Z&to=2026-01-01T02:00:00Z'), [])
  const now = await gapsOf('')
  assert.deepEqual(
    now.map((gap) => gap.replace(/ \d+$/, '')),
    ['energy 23:45 on', 'power 09:48 on'],
  )
  assert.deepEqual((await agent.api<Gaps>(`/api/meters/${other?.id}/gaps`)).body.gaps, [])
  // A time without a date on the calendar begins and ends no gap.
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'energy', at, 1 from sync.meter, unnest(array['-infinity', now() - interval '1 hour', 'infinity']::timestamptz[]) at
    where external_id = '2'`)
  const { gaps } = (await agent.api<Gaps>(`/api/meters/${other?.id}/gaps`)).body
  assert.deepEqual(
    gaps.map(({ missing, to }) => [missing, to]),
    [[3, null]],
  )
})

test('silent meters beyond the limit are alerted once, grouped, again when they double, and when they are back', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 20)
  await using receiver = await openReceiver()
  const agent = await world.agent({
    ...webhookEnvironment(receiver),
    SILENT_ALERT_PERCENT: '10',
  })
  await agent.settled()
  await collect(world.sync, { from: 1, to: 2, hours: 24 })
  await agent.sync()
  await agent.sync()
  await collect(world.sync, { from: 3, to: 3, hours: 24 })
  await agent.sync()
  const [first] = await receiver.received(1)
  assert.equal(first?.payload.type, 'meter_sync.collection')
  const { collection, name } = first?.payload.data ?? assert.fail()
  assert.deepEqual([name, collection?.tooMany, collection?.limitPercent], ['Client System', true, 10])
  assert.deepEqual([collection?.meters.silent, collection?.meters.never], [3, 17])
  assert.deepEqual(collection?.groups.map(({ location, silent }) => `${silent} of ${location}`).toSorted(), [
    '1 of Hall 1',
    '1 of Hall 2',
    '1 of Hall 3',
  ])
  await agent.sync()
  await collect(world.sync, { from: 4, to: 6, hours: 24 })
  await agent.sync()
  await receiver.received(2)
  await collect(world.sync, { from: 1, to: 20, hours: 0 })
  await agent.sync()
  const third = (await receiver.received(3))[2]
  assert.deepEqual(third?.payload.data.collection?.tooMany, false)
  assert.equal(receiver.attempts.length, 3)
})

test('an alert is sent when the number of silent meters is too large, has doubled, or is no longer too large', () => {
  const meters = (silent: number) => ({
    ...{ reporting: 100 - silent, late: 0, silent, never: 0 },
    ...{ stillReporting: 5, quiet: 50 },
  })
  assert.deepEqual(decideSilent(0, meters(5), 5), { silent: 0, changed: false })
  assert.deepEqual(decideSilent(0, meters(6), 5), { silent: 6, changed: true })
  assert.deepEqual(decideSilent(6, meters(11), 5), { silent: 6, changed: false })
  assert.deepEqual(decideSilent(6, meters(12), 5), { silent: 12, changed: true })
  assert.deepEqual(decideSilent(12, meters(6), 5), { silent: 12, changed: false })
  assert.deepEqual(decideSilent(12, meters(5), 5), { silent: 0, changed: true })
  assert.deepEqual(decideSilent(0, meters(0), 0), { silent: 0, changed: false })
  assert.deepEqual(decideSilent(0, meters(1), 0), { silent: 1, changed: true })
})
