import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Collection } from '../../src/wire/types.ts'
import { runCommand as run } from '../support/command.ts'
import { createEncoded } from '../support/encodings.ts'
import { createMeters } from '../support/meters.ts'
import { installOlder } from '../support/older.ts'
import { createWorld, eventually } from '../support/world.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

test('--help and --version answer, and an unknown command or option exits with 2', async () => {
  const [help, version, unknown, option] = await Promise.all([
    run(['--help']),
    run(['--version']),
    run(['dance']),
    run(['--loud']),
  ])
  assert.equal(help.code, 0)
  assert.match(help.out, /serve[\s\S]*migrate/)
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/)
  for (const { code, err } of [unknown, option]) {
    assert.equal(code, 2)
    assert.match(err, /--help lists the commands/)
  }
})

test('all configuration errors are reported together by variable name, with exit status 78', async () => {
  const { code, err } = await run([], {
    DATABASE_URL: 'mysql://x',
    PORT: '70000',
    SYNC_CRON: 'hourly',
    HOST: '0.0.0.0',
    READ_IDLE_SECONDS: '0',
  })
  assert.equal(code, 78)
  for (const name of ['PORT', 'READ_IDLE_SECONDS']) assert.match(err, new RegExp(`${name}: expected`))
  const second = await run([], { DATABASE_URL: 'mysql://x', SYNC_CRON: 'hourly', HOST: '0.0.0.0' })
  assert.equal(second.code, 78)
  for (const name of ['DATABASE_URL', 'CLIENT_SYSTEM_URL', 'SYNC_CRON', 'AUTH_TOKEN', 'ALLOWED_HOSTS']) {
    assert.match(second.err, new RegExp(`^ {2}${name}: `, 'm'))
  }
})

test('a missing database URL is reported by name, and in production both are required', async () => {
  const one = await run([], { DATABASE_URL: 'postgres://localhost/sync' })
  assert.equal(one.code, 78)
  assert.match(one.err, /CLIENT_SYSTEM_URL: expected/)
  const none = await run([], { NODE_ENV: 'production' })
  assert.equal(none.code, 78)
  assert.match(none.err, /DATABASE_URL: expected[\s\S]*CLIENT_SYSTEM_URL: expected/)
})

test('R8.6: serve migrates an empty Sync database, and then syncs', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.sync.query('drop schema sync cascade; drop schema pgboss cascade')
  const agent = await world.process()
  assert.equal((await agent.settled()).counts?.inserted, 3)
})

test('R8.6: migrate works as a separate step; a newer schema and a role without privileges stop the start', async (t) => {
  const world = await createWorld(t)
  const again = await run(['migrate'], world.environment())
  assert.equal(again.code, 0)
  assert.match(again.out, /up to date/)
  await world.sync.query(`update sync.migration set created_at = created_at + 1`)
  const newer = await run([], world.environment())
  assert.equal(newer.code, 78)
  assert.match(newer.err, /newer than this program/)
  await world.sync.query(`update sync.migration set created_at = created_at - 2`)
  const role = `reader_${world.sync.name}`
  await world.sync.query(`create role ${role} login password 'secret-of-reader'`)
  world.after(() => world.sync.query(`drop owned by ${role}; drop role ${role}`))
  await world.sync.query(`grant usage on schema sync to ${role}; grant select on sync.migration to ${role}`)
  const url = new URL(world.sync.url)
  url.username = role
  url.password = 'secret-of-reader'
  const refused = await run([], world.environment({ DATABASE_URL: url.href }))
  assert.equal(refused.code, 78, refused.err)
  assert.match(refused.err, /meter-sync-agent migrate/)
  assert.doesNotMatch(refused.err + refused.out, /secret-of-reader/)
})

test('a view on the meters does not prevent a migration', async (t) => {
  const world = await createWorld(t)
  // As it was before the migration that computes the hash of the whole row.
  await installOlder(world.sync, '0005_removed_inactive')
  await world.sync.query(`
    with stored as (
      insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
      values ('main', '1', 'Meter 1', '{}', true, gen_random_uuid(), gen_random_uuid()) returning id
    )
    insert into sync.meter_reading select id, 'energy', now() - interval '100 minutes', 1 from stored;
    create view public.report as select * from sync.meter where active`)
  await createMeters(world.source)
  const migrated = await run(['migrate'], world.environment())
  assert.equal(migrated.code, 0, migrated.err)
  const agent = await world.agent()
  assert.equal((await agent.settled()).counts?.inserted, 2)
  assert.equal((await agent.sync()).readMode, 'narrow')
  const { meters } = (await agent.api<Collection>('/api/collection')).body
  assert.deepEqual([meters.reporting, meters.never], [1, 2], 'earlier readings count')
  assert.equal((await world.sync.query('select from public.report')).length, 3)
})

test('a migration that fails ends the start', async (t) => {
  const world = await createWorld(t)
  await world.sync.query('delete from sync.migration')
  const { code, err } = await run([], world.environment())
  assert.equal(code, 1)
  assert.match(err, /already exists|does not exist/)
})

test('R8.14: a Sync database with an encoding other than UTF8 is refused', async (t) => {
  const world = await createWorld(t)
  const database = await createEncoded(world, world.sync, 'LATIN1')
  const { code, err } = await run([], world.environment({ DATABASE_URL: database.url }))
  assert.equal(code, 78)
  assert.match(err, /encoding of the Sync database is LATIN1/)
})

test('F12: the start waits for a Sync database that is down, and logs it', async (t) => {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: project,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: 'postgres://u:hidden-word@127.0.0.1:9/sync',
      CLIENT_SYSTEM_URL: 'postgres://127.0.0.1:9/x',
      PORT: '0',
    },
  })
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  const waiting = new Promise<void>((done) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
      if (out.includes('waiting for the Sync database')) done()
    })
  })
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  await waiting
  child.kill('SIGTERM')
  assert.equal(await exited, 0)
  assert.doesNotMatch(out, /hidden-word/)
})

test('F30: an uncaught exception is logged and ends the process with a non-zero status', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process({
    NODE_OPTIONS: '--import=data:text/javascript,setTimeout(()=>{throw(new(Error)("out-of-the-blue"))},2500)',
  })
  const { code } = await agent.exited
  assert.equal(code, 1)
  const line = agent.log.find(({ level }) => level === 'fatal')
  assert.match(JSON.stringify(line), /out-of-the-blue/)
})

test('a migration waits for another one longer than the timeouts of the database allow', async (t) => {
  const world = await createWorld(t)
  const release = await world.sync.hold(`select pg_advisory_lock(hashtextextended('meter-sync-agent migrate', 0))`)
  for (const setting of ['lock_timeout', 'statement_timeout']) {
    await world.sync.query(`alter database ${world.sync.name} set ${setting} = '300ms'`)
  }
  const migrated = run(['migrate'], world.environment())
  await eventually(async () => {
    const [waiting] = await world.sync.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'meter-sync-agent migrate'
       and wait_event_type = 'Lock' and now() - query_start > interval '400 ms'`,
    )
    return waiting
  }, 60_000)
  await release()
  const { code, out, err } = await migrated
  assert.equal(code, 0, err)
  assert.match(out, /up to date/)
})
