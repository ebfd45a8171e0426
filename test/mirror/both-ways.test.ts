import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../../src/wire/types.ts'
import { checkFor, createTable, edit, populate } from '../support/edits.ts'
import { counted } from '../support/mirror.ts'
import { createWorld, type Database } from '../support/world.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const sequences = Number(process.env.FC_RUNS ?? 10)

const meters = `
  select external_id, name, serial_number, kind, unit, location, ip_address, port, attributes::text, active,
    removed_at is null as present, id_hash, row_hash
  from sync.meter order by external_id`
const changes = `
  select external_id, operation, before::text, after::text from sync.meter_change where run_id = $1 order by external_id`
const rejected = 'select external_id, reason, row::text from sync.rejected_row where run_id = $1 order by 1, 2, 3'

/** Returns what a run wrote, without ids and times. */
async function traces(sync: Database, run: Run) {
  return {
    counts: counted(run),
    proof: run.proof,
    meters: await sync.query(meters),
    changes: await sync.query(changes, [run.id]),
    rejected: await sync.query(rejected, [run.id]),
  }
}

/** Adds meters that no edit changes. Otherwise most meters would differ, and every read would be full. */
const still = `insert into meter (external_id, name, a_numeric) select 'still ' || id, 'S', id from generate_series(1, 200) id`

test('R7.6: an incremental read has the same meters, counts, changes and rejected rows as a full one, whatever was edited', {
  timeout: 60_000,
}, async (t) => {
  t.diagnostic(`FC_SEED=${seed}`)
  const world = await createWorld(t, { source: 18, sync: 18 })
  const other = await createWorld(t, { source: 15, sync: 15 })
  await createTable(world.source)
  for (const { sync } of [world, other]) await sync.query('update sync.installation set hash_salt = 4711')
  const limits = { DELETE_GUARD_MINIMUM: '3', DELETE_GUARD_PERCENT: '3' }
  const narrow = await world.agent(limits)
  const full = await other.agent({ ...limits, CLIENT_SYSTEM_URL: world.source.url })
  await Promise.all([narrow.settled(), full.settled()])
  const modes = { narrow: 0, full: 0 }
  const handful = fc.array(edit, { minLength: 1, maxLength: 8, size: 'max' })
  const property = checkFor(12_000, fc.array(handful, { minLength: 2, maxLength: 6, size: 'max' }), async (steps) => {
    await createTable(world.source)
    await world.source.query(`${populate}; ${still}`)
    for (const sync of [world.sync, other.sync]) await sync.query('truncate sync.meter cascade')
    await Promise.all([narrow.sync({ full: true }), full.sync({ full: true })])
    for (const edits of steps) {
      await world.source.query(edits.join(';\n'))
      const [one, two] = await Promise.all([narrow.sync(), full.sync({ full: true })])
      modes[one.readMode ?? 'full']++
      assert.equal(two.readMode, 'full')
      assert.deepEqual(await traces(world.sync, one), await traces(other.sync, two))
    }
  })
  await fc.assert(property, { seed, numRuns: sequences })
  assert.ok(modes.narrow >= modes.full, `${modes.narrow} narrow reads, ${modes.full} full ones`)
})
