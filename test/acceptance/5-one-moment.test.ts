import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { counted } from '../support/mirror.ts'
import { createWorld } from '../support/world.ts'

/** Every transaction of the Client System leaves 40 meters of kind `pack`, all with the same location. */
const edit = `
  update meter set location = (location::int + 1)::text where kind = 'pack';
  delete from meter where external_id = (select min(external_id) from meter where kind = 'pack');
  insert into meter (external_id, name, kind, location)
    select 1000000 + location::int, 'New', 'pack', location from meter where kind = 'pack' limit 1`

const look = `
  select count(*)::int as meters, count(distinct location)::int as locations
  from sync.meter where kind = 'pack' and removed_at is null`

test('I2, I3: a run mirrors one state of the Client System, and every reader sees the meters of exactly one run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2_000)
  await world.source.query(`update meter set kind = 'pack', location = '0' where external_id <= 40`)
  const agent = await world.agent({ DELETE_GUARD_MINIMUM: '1000000' })
  await agent.settled()

  const runs = new AbortController()
  const repeat = async (step: () => Promise<unknown>) => {
    let times = 0
    for (; !runs.signal.aborted; times++) await step()
    return times
  }
  const editing = repeat(() => world.source.query(edit))
  const looking = repeat(async () => assert.deepEqual(await world.sync.query(look), [{ meters: 40, locations: 1 }]))
  try {
    for (const full of [false, false, true, false]) {
      const run = await agent.sync({ full })
      const { updated, inserted, deleted } = counted(run)
      assert.equal(run.readMode, full ? 'full' : 'narrow')
      assert.ok(updated + inserted > 0 && deleted > 0, 'the edits continued')
    }
  } finally {
    runs.abort()
  }
  assert.ok((await editing) > 4)
  assert.ok((await looking) > 4)
})
