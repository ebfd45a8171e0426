import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { migrate } from '../../src/db/migrate.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { createWorld, type Database } from '../support/world.ts'

const migrations = readdirSync(new URL('../../drizzle', import.meta.url)).filter((name) => name.endsWith('.sql'))

/** The journal that the query builder creates by default, shared by all applications of a database. */
const sharedJournal = `
  create schema drizzle;
  create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`

const migrateDatabase = ({ url }: Database) => migrate({ url, tls: false })

async function countEntries({ query }: Database): Promise<number> {
  return (await query('select from sync.migration')).length
}

async function findSchemas({ query }: Database): Promise<unknown[]> {
  const schemas = await query(
    `select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') order by 1`,
  )
  return schemas.map(({ nspname }) => nspname)
}

/** Moves the journal back to schema `drizzle`, where an earlier version of the agent kept it. */
async function moveBack({ query }: Database): Promise<void> {
  await query(`
    insert into drizzle.__drizzle_migrations (hash, created_at)
    select case when row_number() over (order by id) = 1 then 'the hash before the file was changed' else hash end, created_at
    from sync.migration;
    drop table sync.migration`)
}

suite('the journal of migrations', { concurrency: true }, () => {
  test('the journal is in schema sync, and only the schema of the queue is created besides', async (t) => {
    const { source: fresh } = await createWorld(t)
    await migrateDatabase(fresh)
    assert.equal(await countEntries(fresh), migrations.length)
    assert.deepEqual(await findSchemas(fresh), ['pgboss', 'sync'])
    await migrateDatabase(fresh)
    assert.equal(await countEntries(fresh), migrations.length)
  })

  test('the journal of an existing installation is moved, and the agent continues with its meters', async (t) => {
    const world = await createWorld(t)
    const query = `select 1 as external_id, 'One' as name`
    const before = await world.agent({ CLIENT_SYSTEM_QUERY: query })
    assert.equal((await before.settled()).counts?.inserted, 1)
    await before.stop()
    await world.sync.query(sharedJournal)
    await moveBack(world.sync)

    await migrateDatabase(world.sync)
    assert.equal(await countEntries(world.sync), migrations.length)
    assert.deepEqual(await findSchemas(world.sync), ['pgboss', 'sync'])
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: query })
    assert.equal((await agent.settled()).counts?.unchanged, 1)
  })

  test('the journal of another application is not changed, whatever its times', async (t) => {
    const { source: shared } = await createWorld(t)
    await shared.query(sharedJournal)
    await shared.query(
      `insert into drizzle.__drizzle_migrations (hash, created_at) values ('theirs', 1), ('newest', 4102444800000)`,
    )
    await migrateDatabase(shared)
    assert.equal(await countEntries(shared), migrations.length)
    const theirs = 'select id, hash, created_at from drizzle.__drizzle_migrations order by id'
    const kept = [
      { id: 1, hash: 'theirs', created_at: '1' },
      { id: 2, hash: 'newest', created_at: '4102444800000' },
    ]
    assert.deepEqual(await shared.query(theirs), kept)

    // An earlier version of the agent wrote to the same journal.
    await moveBack(shared)
    await migrateDatabase(shared)
    assert.equal(await countEntries(shared), migrations.length)
    assert.deepEqual(await shared.query(theirs), kept)
  })

  test('the journal is created in an empty schema sync that the administrator created', async (t) => {
    const { source: prepared } = await createWorld(t)
    await prepared.query('create schema sync')
    await migrateDatabase(prepared)
    assert.equal(await countEntries(prepared), migrations.length)
  })

  test('the journal is not created in a schema sync of another application', async (t) => {
    const { source: foreign } = await createWorld(t)
    await foreign.query('create schema sync; create table sync.theirs ()')
    await assert.rejects(migrateDatabase(foreign), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.errors.join(), /schema named sync that belongs to another program/)
      return true
    })
    assert.deepEqual(await findSchemas(foreign), ['sync'])
  })
})
