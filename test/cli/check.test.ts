import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { runCommand as run } from '../support/command.ts'
import { createDeployment, runScript } from '../support/deployment.ts'
import { createEncoded } from '../support/encodings.ts'
import { startTransactionPooler } from '../support/pooler.ts'
import { createWorld, type Database } from '../support/world.ts'

/** Returns every relation and schema of a database, and the version of every row of its tables. */
async function readEverything(database: Database): Promise<unknown> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
     order by 1`,
  )
  const rows = await Promise.all(
    tables.map(({ name }) => database.query(`select xmin::text, t::text from ${name} t order by 2`)),
  )
  const relations = await database.query(
    `select oid::text, relname, relacl::text from pg_class where oid > 16383 order by 1`,
  )
  return { tables, rows, relations, schemas: await database.query('select nspname from pg_namespace order by 1') }
}

const meters = `
  create table device (id int, label text, city text, port text);
  insert into device
  select n, case when n % 10 = 0 then null else 'Meter ' || n end, 'Zug', case when n = 7 then 'high' else '502' end
  from generate_series(1, 100) n`
const query = 'select id as external_id, label as name, city, port from device'

suite('check', { concurrency: 2 }, () => {
  test('R7.10: check before the first start shows both databases, the query, five meters and the rejected rows, and changes nothing', async (t) => {
    const world = await createWorld(t)
    await world.source.query(meters)
    const database = await createEncoded(world, world.sync, 'UTF8')
    const before = await readEverything(world.source)
    const environment = world.environment({ DATABASE_URL: database.url, CLIENT_SYSTEM_QUERY: query })
    const { code, out, err } = await run(['check'], environment)
    assert.deepEqual([code, err], [0, ''], out)
    const lines = out.split('\n')
    assert.equal(lines[0], 'Configuration  valid')
    assert.match(
      lines[1] ?? '',
      new RegExp(`^Sync database  ${database.name} as postgres, PostgreSQL 18.*UTF8, no schema of the agent yet`),
    )
    assert.match(
      lines[2] ?? '',
      /^Client System {2}postgres@127\.0\.0\.1:\d+\/\w+, PostgreSQL 18, encoding UTF8, on this machine$/,
    )
    assert.deepEqual(lines.slice(3), [
      'Query          returns external_id, name, port; among the attributes: city',
      'Meters         100 rows: 89 usable, 11 rejected',
      '               Rejected: 10 rows, because name is null (for example external id 10)',
      '               Rejected: 1 row, because port is not a number from 1 to 65535 (for example external id 7)',
      'The first 5 as they would be stored:',
      ...[1, 11, 12, 13, 14].map(
        (id) => `  ${id}  name: "Meter ${id}"  port: 502  active: true  attributes: {"city":"Zug"}`,
      ),
      'Ready: start the agent with the command serve',
      '',
    ])
    assert.deepEqual(await readEverything(world.source), before)
    const again = await run(['status'], environment)
    assert.match(again.err, /the schema of the Sync database is of another version than this program/)
  })

  test('R7.10: check beside a running agent changes neither meters nor jobs, and a failing query exits with 1 and a remedy', async (t) => {
    const world = await createWorld(t)
    await world.source.query(meters)
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: query })
    await agent.settled()
    await agent.stop()
    const before = await readEverything(world.sync)
    const ready = await run(['check'], world.environment({ CLIENT_SYSTEM_QUERY: query }))
    assert.equal(ready.code, 0, ready.out)
    assert.match(ready.out, /the schema of this agent\n[\s\S]*100 rows: 89 usable/)
    const failing = await run(['check'], world.environment({ CLIENT_SYSTEM_QUERY: 'select * from Devices' }))
    assert.deepEqual([failing.code, failing.err], [1, ''])
    assert.match(
      failing.out,
      /\nQuery {10}.*relation "devices" does not exist\n {15}Did you mean device\?.*\nNot ready: correct the Query/,
    )
    const empty = await run(['check'], world.environment({ CLIENT_SYSTEM_QUERY: `${query} where false` }))
    assert.equal(empty.code, 1)
    assert.match(empty.out, /0 rows: 0 usable, 0 rejected\nQuery {10}The query returns no usable meter\n/)
    const unreachable = await run(['check'], world.environment({ CLIENT_SYSTEM_URL: 'postgres://u:p@127.0.0.1:9/x' }))
    assert.equal(unreachable.code, 1)
    assert.match(unreachable.out, /\nClient System {2}.*connection refused by 127\.0\.0\.1:9 .*\n {15}Check host, port/)
    const inQuery = new URL(world.source.url)
    inQuery.searchParams.set('password', inQuery.password)
    const hidden = await run(
      ['check'],
      world.environment({ CLIENT_SYSTEM_URL: inQuery.href, CLIENT_SYSTEM_QUERY: query }),
    )
    assert.equal(hidden.code, 0, hidden.out)
    assert.ok(!hidden.out.includes(inQuery.password))
    const wrong = await run(['check'], world.environment({ PORT: 'x' }))
    assert.deepEqual([wrong.code, wrong.out], [78, ''])
    assert.match(wrong.err, /^ {2}PORT: /m)
    assert.deepEqual(await readEverything(world.sync), before)
  })

  test('R7.10: missing privileges are shown as the statements that grant them, for both databases', async (t) => {
    const { world, environment, migrate, grant, ownerUrl, agentUrl, readerUrl } = await createDeployment(t, 15)
    const role = new URL(agentUrl).username
    const unready = await run(['check'], environment())
    assert.equal(unready.code, 1, unready.out)
    assert.match(
      unready.out,
      new RegExp(`Privileges are missing: grant create on database \\w+ to ${role}\\n.*the command migrate`),
    )
    await migrate()
    const ungranted = await run(['check'], environment())
    assert.equal(ungranted.code, 1)
    assert.match(ungranted.out, new RegExp(`grant usage on schema sync to ${role}`))
    await grant()
    const ready = await run(['check'], environment())
    assert.equal(ready.code, 0, ready.out + ready.err)
    await runScript(ownerUrl, `revoke select on sync.migration from ${role}`)
    const partial = await run(['check'], environment())
    assert.equal(partial.code, 1)
    assert.match(
      partial.out,
      new RegExp(`a schema that this role may not read\\n.*grant select on sync\\.migration to ${role}`),
    )
    await grant()
    await runScript(
      ownerUrl,
      `revoke insert on sync.meter_reading from ${role}; revoke execute on function sync.drop_old_readings(integer) from ${role}`,
    )
    const less = await run(['check'], environment())
    assert.match(less.out, new RegExp(`Privileges are missing: grant insert on sync\\.meter_reading to ${role}`))
    assert.match(less.out, new RegExp(`grant execute on function sync\\.drop_old_readings\\(integer\\) to ${role}`))
    await grant()
    await world.source.query(`revoke select on meter from ${new URL(readerUrl).username}`)
    const blind = await run(['check'], environment())
    assert.equal(blind.code, 1)
    assert.match(blind.out, /permission denied for table meter\n.*grant select on TABLE to reader_/)
  })

  test('R7.10: check reports a schema of a newer program, and an encoding other than UTF8', async (t) => {
    const world = await createWorld(t)
    await world.source.query(meters)
    await world.sync.query('update sync.migration set created_at = created_at + 1')
    const newer = await run(['check'], world.environment({ CLIENT_SYSTEM_QUERY: query }))
    assert.equal(newer.code, 1)
    assert.match(newer.out, /The schema is newer than this program\n *Install the newer version of the program/)
    const database = await createEncoded(world, world.sync, 'LATIN1')
    const latin = await run(['check'], world.environment({ DATABASE_URL: database.url, CLIENT_SYSTEM_QUERY: query }))
    assert.equal(latin.code, 1)
    assert.match(latin.out, /The encoding is LATIN1\n *Create the database with encoding 'UTF8'/)
  })

  test('R7.10: check detects a pooler in transaction mode in front of the Sync database, and serve refuses it', async (t) => {
    const world = await createWorld(t)
    await world.source.query('create table meter as select 1 as external_id, $$One$$ as name')
    const DATABASE_URL = await startTransactionPooler(t, world.sync.url)
    const [checked, started] = await Promise.all([
      run(['check'], world.environment({ DATABASE_URL })),
      run(['serve'], world.environment({ DATABASE_URL: await startTransactionPooler(t, world.sync.url) })),
    ])
    assert.equal(checked.code, 1, checked.out + checked.err)
    assert.match(checked.out, /pooler in transaction mode/)
    assert.equal(started.code, 78, started.out + started.err)
    assert.match(started.err, /^ {2}DATABASE_URL: a pooler in transaction mode is in front of the Sync database/m)
  })
})
