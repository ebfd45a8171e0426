import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSource } from '../../../src/mirror/source/connection.ts'
import { describeMeters } from '../../../src/mirror/source/describe.ts'
import { clientSystemOf } from '../../support/configuration.ts'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, assertRead } from '../../support/mirror.ts'
import { createWorld } from '../../support/world.ts'

test('a value that is larger stored than as text is hashed, and its changes are found', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text, list float8[]);
    alter table meter alter list set storage external;
    insert into meter select id, 'Meter ' || id, '{1}' from generate_series(1, 20) id;
    update meter set list = array_fill(1, array[1100000]) where external_id = 7`)
  const agent = await world.agent()
  assertCounts(await agent.settled(), { read: 20, inserted: 20 })
  await world.source.query(`update meter set name = 'Renamed' where external_id = 7`)
  const run = await agent.sync()
  assertCounts(run, { read: 20, updated: 1 })
  assertRead(run, 'narrow')
})

test('a row with a value that is large as text is not hashed, even if its stored size is small', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text, list text[]);
    insert into meter values (1, 'Small', '{1}'), (2, 'Large', array[repeat('x', 9000000)])`)
  const clientSystem = clientSystemOf(world.environment())
  await using source = await openSource(clientSystem, new AbortController().signal)
  const { projection } = await describeMeters(source, clientSystem.query, 0n)
  const { rows } = await source.query<{ row_hash: string }>(projection.hashes ?? '')
  assert.deepEqual(
    rows.map(({ row_hash }) => row_hash === '0'),
    [false, true],
  )
})

test('the hashes of a row depend on the salt of the installation, so that none can be chosen to collide', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  const clientSystem = clientSystemOf(world.environment())
  await using source = await openSource(clientSystem, new AbortController().signal)
  const hashes = async (salt: bigint) => {
    const { projection, fingerprint } = await describeMeters(source, clientSystem.query, salt)
    const { rows } = await source.query<{ id_hash: string; row_hash: string }>(projection.hashes ?? '')
    return [fingerprint, ...rows.flatMap(({ id_hash, row_hash }) => [id_hash, row_hash])]
  }
  const [withOne, withMinusTwo] = [await hashes(1n), await hashes(-2n)]
  assert.equal(new Set([...withOne, ...withMinusTwo]).size, 10)
  const [installed] = await world.sync.query<{ hash_salt: string }>('select hash_salt from sync.installation')
  const agent = await world.agent()
  await agent.settled()
  const stored = await world.sync.query<{ id_hash: string }>('select id_hash from sync.meter order by id_hash')
  const expected = await hashes(BigInt(installed?.hash_salt ?? 0))
  assert.equal(stored.length, 2)
  assert.ok(stored.every(({ id_hash }) => expected.includes(id_hash)))

  await world.sync.query('update sync.installation set hash_salt = 1')
  const { readMode, counts } = await agent.sync()
  assert.deepEqual([readMode, counts?.updated], ['full', 0], 'hashes of another salt are computed again')
  const rehashed = await world.sync.query<{ id_hash: string }>('select id_hash from sync.meter')
  assert.ok(rehashed.every(({ id_hash }) => withOne.includes(id_hash)))
  assert.equal((await agent.sync()).readMode, 'narrow')
})
