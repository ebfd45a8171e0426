import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Counts } from '../../src/wire/types.ts'
import { checkFor, createTable, edit, populate } from '../support/edits.ts'
import { compareBothSides, counted, rowVersions } from '../support/mirror.ts'
import { createWorld } from '../support/world.ts'

/**
 * Random edits of the Client System, a run after each handful of them, and after every run: the mirror is what a
 * statement that shares nothing with the agent requires, the counts are the true difference, and one more run
 * writes nothing. Edits are SQL, so that a counterexample can be read and run. On a failure the seed is printed with
 * it; FC_SEED repeats it.
 */
const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const sequences = Number(process.env.FC_RUNS ?? 10)

/** What a run must make of both sides as they are now; kept in the Sync database until the run is over. */
const predict = `
  drop table if exists expected, wanted, was, read;
  create table was as select m.id, o.* from sync.meter m join ours o using (external_id);
  create table read as
    select *, external_id is null or external_id ~ '^\\s*$' as missing_id,
      coalesce(external_id ~ '\\S' and name ~ '\\S', false) and coalesce(port::int between 1 and 65535, true)
        and count(*) over (partition by external_id) = 1 as usable
    from theirs;
  create table wanted as
    with verdict as (
      select exists (select from read where missing_id) or not exists (select from read where usable) as withholds
    ), pair as (
      select r.external_id as theirs, w.external_id as ours, w.removed_at,
        (r.name, r.serial_number, r.kind, r.unit, r.location, r.ip_address, r.port, r.active, r.attributes)
          is distinct from (w.name, w.serial_number, w.kind, w.unit, w.location, w.ip_address, w.port, w.active, w.attributes) as differs
      from (select * from read where usable) r full join was w using (external_id)
    ), missing as (
      select * from was w where removed_at is null and not exists (select from read r where r.external_id = w.external_id)
    )
    select
      (select count(*) from read)::int as read,
      (select count(*) from read where not usable)::int as rejected,
      count(*) filter (where ours is null)::int as inserted,
      count(*) filter (where theirs = ours and (differs or removed_at is not null))::int as updated,
      count(*) filter (where theirs = ours and not differs and removed_at is null)::int as unchanged,
      count(*) filter (where theirs = ours and removed_at is not null)::int as restored,
      (select count(*) from missing, verdict where not withholds)::int as deleted,
      (select count(*) from missing, verdict where withholds)::int as withheld
    from pair;
  create table expected as
    select external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes, true as present
    from read where usable
    union all
    select w.external_id, w.name, w.serial_number, w.kind, w.unit, w.location, w.ip_address, w.port,
      case when deleted_now then 'false' else w.active end, w.attributes, w.removed_at is null and not deleted_now
    from was w
    cross join lateral (
      select (select deleted > 0 from wanted) and w.removed_at is null
        and not exists (select from read r where r.external_id = w.external_id) as deleted_now
    ) outcome
    where not exists (select from read r where r.usable and r.external_id = w.external_id)`

const actual = `
  select external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes, removed_at is null as present
  from ours`
const disagreement = `
  (select 'expected' as side, * from (select * from expected except all ${actual}) e)
  union all
  (select 'actual', * from (${actual} except all select * from expected) a)`
const lostIdentity = `select * from was w where not exists (select from sync.meter m where m.id = w.id and m.external_id = w.external_id)`

const storedNumbers = 'select meters_total::int as total, meters_active::int as active from sync.client_system'
const actualNumbers = 'select count(*)::int as total, count(*) filter (where active)::int as active from sync.meter'

const pairs = [
  { source: 18, sync: 18 },
  { source: 15, sync: 18 },
  { source: 18, sync: 15 },
  { source: 15, sync: 15 },
] as const

suite('random edits', { concurrency: true }, () => {
  for (const [at, versions] of pairs.entries()) {
    test(`R1.2, R1.3, R1.4, R1.5, R5.1, I1, I5, I8: random edits are mirrored exactly: ${versions.source} to ${versions.sync}`, async (t) => {
      t.diagnostic(`FC_SEED=${seed}`)
      const world = await createWorld(t, versions)
      await createTable(world.source)
      await compareBothSides(world)
      const limit = '999999999'
      const agent = await world.agent({ DELETE_GUARD_MINIMUM: limit, DELETE_GUARD_MAXIMUM: limit })
      await agent.settled()
      const handful = fc.array(edit, { minLength: 1, maxLength: 12, size: 'max' })
      const property = checkFor(
        20_000,
        fc.array(handful, { minLength: 2, maxLength: 6, size: 'max' }),
        async (steps) => {
          await createTable(world.source)
          await world.source.query(populate)
          await world.sync.query('truncate sync.meter cascade')
          for (const edits of steps) {
            await world.source.query(edits.join(';\n'))
            await world.sync.query(predict)
            const run = await agent.sync()
            const [wanted] = await world.sync.query<Counts>('select * from wanted')
            assert.deepEqual(counted(run), wanted)
            assert.deepEqual(await world.sync.query(disagreement), [])
            assert.deepEqual(await world.sync.query(lostIdentity), [])
            assert.deepEqual(await world.sync.query(storedNumbers), await world.sync.query(actualNumbers))
            const written = await rowVersions(world.sync)
            const { inserted, updated, deleted } = counted(await agent.sync())
            assert.deepEqual([inserted, updated, deleted], [0, 0, 0])
            assert.deepEqual(await rowVersions(world.sync), written)
          }
        },
      )
      await fc.assert(property, {
        seed: seed + at,
        numRuns: sequences,
      })
    })
  }
})
