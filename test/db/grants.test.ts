import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { findMissingRights } from '../../src/db/rights.ts'
import { createDeployment, runStatement } from '../support/deployment.ts'
import { openReceiver, webhookEnvironment } from '../support/receiver.ts'
import { eventually } from '../support/world.ts'

test('docs/deploy/grants.sql grants every privilege that the agent needs', { timeout: 90_000 }, async (t) => {
  const { world, environment, ownerUrl, agentUrl, migrate, grant } = await createDeployment(t, 18)
  await migrate()
  await grant()
  await using receiver = await openReceiver()
  const agent = await world.agent(environment({ ...webhookEnvironment(receiver), READINGS_DAYS: '36500' }))
  await agent.settled()

  // Every statement of a run: insert, update, delete, restore, withhold, reject, keep hashes.
  const edits = [
    `insert into meter (external_id, name) values (1000, 'New'); update meter set name = 'Other' where external_id = 1`,
    'create table kept as select * from meter where external_id < 4; delete from meter where external_id < 4',
    `insert into meter select * from kept; insert into meter (external_id, name) values (1001, ' ')`,
    'delete from meter where external_id < 90',
  ]
  for (const edit of edits) {
    await world.source.query(edit)
    const run = await agent.sync()
    assert.equal(run.status, 'succeeded', JSON.stringify(run.error))
  }
  const { counts } = (await agent.status()).clientSystems[0]?.lastRun ?? {}
  assert.ok(counts?.withheld && counts.rejected)
  await agent.sync({ full: true })
  assert.equal((await agent.api('/api/preview', { method: 'POST' })).status, 200)
  const reading = { externalId: '90', quantity: 'energy', value: 1, readAt: '2026-01-01T00:00:00Z' }
  assert.equal((await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([reading]) })).status, 200)
  // Of a meter that comes later: it waits, and the sync that it starts stores it.
  await world.source.query(`insert into meter (external_id, name) values (2000, 'Later')`)
  const early = { ...reading, externalId: '2000' }
  await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([early]) })
  await eventually(
    async () => (await runStatement(ownerUrl, `select from sync.meter where external_id = '2000'`)).length === 1,
  )
  assert.equal((await runStatement(ownerUrl, 'select from sync.meter_reading')).length, 2)
  await agent.settled()
  const partition = `select from sync.reading_partitions() where name = 'meter_reading_2026_01'`
  await eventually(async () => (await runStatement(ownerUrl, partition)).length === 1)
  for (const path of ['/api/runs', '/api/meters', '/api/meters/90/history', '/api/meters/90/readings', '/metrics'])
    assert.equal((await agent.api(path)).status, 200, path)
  // A run that fails, and with it an alert.
  await world.source.query('alter table meter rename to other')
  assert.equal((await agent.sync()).status, 'failed')
  await receiver.received(1)
  await world.source.query('alter table other rename to meter')

  // Pruning, and the housekeeping of the queue, which is due once a minute or once a day.
  await runStatement(
    ownerUrl,
    `update sync.run set queued_at = now() - interval '500 days', finished_at = now() - interval '500 days'`,
  )
  const kept = await runStatement(ownerUrl, 'select from sync.run')
  const boss = new PgBoss({
    connectionString: agentUrl,
    schema: 'pgboss',
    migrate: false,
    superviseIntervalSeconds: 1,
    maintenanceIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    flowIntervalSeconds: 1,
    reindexIntervalSeconds: 1,
  })
  const errors: string[] = []
  boss.on('error', (error) => errors.push(error.message))
  await boss.start()
  try {
    await boss.supervise()
    const queues = await boss.getQueues()
    for (const { name } of queues.filter((queue) => /prune/.test(queue.name))) await boss.send(name)
    await eventually(async () => (await runStatement(ownerUrl, 'select from sync.run')).length < kept.length)
    const cared = `select from pgboss.version where cron_on is not null and flow_on is not null and reindex_on is not null`
    await eventually(async () => (await runStatement(ownerUrl, cared)).length === 1)
  } finally {
    await boss.stop({ graceful: false })
  }
  assert.deepEqual(errors, [])
  await agent.stop()
  assert.deepEqual(
    agent.log.filter((line) => /permission denied|must be owner/.test(JSON.stringify(line))),
    [],
  )
})

test('R7.9: docs/deploy/grants.sql grants nothing else, and revokes what an earlier version of it granted', async (t) => {
  const { ownerUrl, agentUrl, world, environment, migrate, grant } = await createDeployment(t, 18)
  await migrate()
  const role = new URL(agentUrl).username
  for (const schema of ['sync', 'pgboss']) {
    await runStatement(ownerUrl, `grant select, insert, update, delete on all tables in schema ${schema} to ${role}`)
    await runStatement(
      ownerUrl,
      `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role}`,
    )
  }
  await grant()
  // The agent may not create the extension that the index for searches needs. It logs that, and searches without it.
  await runStatement(ownerUrl, 'drop extension pg_trgm cascade')
  const agent = await world.agent(environment())
  await agent.settled()
  const warnings = agent.log.filter(({ msg }) => /^searches scan all meters/.test(msg))
  assert.deepEqual(
    warnings.map(({ reason, hint }) => [/permission denied/.test(String(reason)), /pg_trgm/.test(String(hint))]),
    [[true, true]],
  )
  const found = await agent.api<{ meters: { externalId: string }[] }>('/api/meters?q=meter%2042')
  assert.deepEqual(
    found.body.meters.map(({ externalId }) => externalId),
    ['42'],
  )
  await agent.stop()
  await migrate()
  assert.equal(
    (await runStatement(ownerUrl, `select to_regclass('sync.meter_listing_words') as index`))[0]?.index,
    'sync.meter_listing_words',
  )
  await runStatement(ownerUrl, 'create table sync.later (id int)')

  const refused = [
    `update sync.meter set external_id = 'x'`,
    `update sync.meter set client_system_id = 'x'`,
    `update sync.meter set created_at = now()`,
    'delete from sync.meter',
    'truncate sync.meter',
    'update sync.meter_reading set value = 0',
    'delete from sync.meter_reading',
    'drop table sync.meter_reading_default',
    'insert into sync.meter_reading_default select * from sync.meter_reading',
    'update sync.meter_collection set last_read_at = now()',
    'insert into sync.meter_collection select * from sync.meter_collection',
    'delete from sync.meter_collection',
    'truncate sync.meter_listing',
    'update sync.waiting_reading set value = 0',
    `update sync.run set requested_by = 'x'`,
    'update sync.run set queued_at = now()',
    'update sync.run set approve_deletes = 1',
    `update sync.meter_change set operation = 'delete'`,
    'delete from sync.meter_change',
    `update sync.rejected_row set reason = 'x'`,
    `update sync.client_system set id = 'x'`,
    'delete from sync.client_system',
    'insert into sync.revision_counter values (2, 0)',
    'delete from sync.revision_counter',
    'update sync.installation set hash_salt = 0',
    'delete from sync.installation',
    `update sync.alert set client_system_id = 'x'`,
    'delete from sync.alert',
    'update sync.migration set created_at = 0',
    'delete from sync.migration',
    'update pgboss.version set version = 0',
    'delete from pgboss.version',
    'delete from pgboss.queue',
    `insert into pgboss.bam (name, version, command) values ('x', 1, 'x')`,
    `update pgboss.bam set command = 'x'`,
    'select from sync.later',
    'create table sync.other ()',
    'create table public.other ()',
    'create schema other',
  ]
  for (const statement of refused) await assert.rejects(runStatement(agentUrl, statement), { code: '42501' }, statement)

  // A table that a migration adds is decided on here, or is only read.
  const grants = readFileSync(new URL('../../docs/deploy/grants.sql', import.meta.url), 'utf8')
  const tables = await runStatement(
    ownerUrl,
    `select relname from pg_class where relnamespace = 'sync'::regnamespace and relkind in ('r', 'p') and not relispartition`,
  )
  const own = tables.filter(({ relname }) => relname !== 'later')
  for (const { relname } of own)
    assert.match(grants, new RegExp(`sync\\.${relname}\\b`), `grants.sql does not name sync.${relname}`)

  // The command `check` asks for the privileges on each of them, and not for those on a table that is not the agent's.
  const client = new pg.Client(agentUrl)
  await client.connect()
  try {
    assert.deepEqual(await findMissingRights(client), [])
    await runStatement(ownerUrl, `revoke all on all tables in schema sync from ${role}`)
    const lacking = await findMissingRights(client)
    for (const { relname } of own)
      assert.ok(
        lacking.some((grant) => grant.includes('select') && grant.includes(` on sync.${relname} to`)),
        `rights.ts does not name sync.${relname}`,
      )
  } finally {
    await client.end()
  }
})

test('a role without privileges cannot connect to the Sync database that roles.sql or the README creates', async (t) => {
  const { world, ownerUrl, named } = await createDeployment(t, 18)
  const stranger = `stranger_${world.sync.name}`
  const database = `readme_${world.sync.name}`
  world.after(async () => {
    await world.sync.query(`drop database if exists ${database}`)
    await world.sync.query(`drop role if exists ${stranger}`)
  })
  await world.sync.query(`create role ${stranger} login password 'stranger'`)
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const block = readme.match(/```sql\n(\s+create role meter_sync [\s\S]*?)```/)?.[1] ?? ''
  const owner = new URL(ownerUrl).username
  const statements = block.split(';').filter((statement) => /\bdatabase\b/.test(statement))
  assert.equal(statements.length, 2)
  for (const statement of statements)
    await world.sync.query(
      statement
        .replaceAll('owner meter_sync', `owner ${owner}`)
        .replaceAll('database meter_sync', `database ${database}`),
    )

  for (const name of [named('meter_sync'), database]) {
    const url = new URL(ownerUrl)
    url.username = stranger
    url.password = 'stranger'
    url.pathname = name
    const client = new pg.Client(url.href)
    client.on('error', () => undefined)
    await assert.rejects(client.connect(), { code: '42501' }, name)
  }
})
