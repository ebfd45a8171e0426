import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { getRollbackPlans } from 'pg-boss'
import type { Environment } from '../../src/config/environment.ts'
import type { Run } from '../../src/wire/types.ts'
import { runCommand as command } from '../support/command.ts'
import { createDeployment, runStatement } from '../support/deployment.ts'
import { createGate } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const refused = { code: '42501' }

/** The owner creates a token; the agent's role lets a login with it in, records its use, and can create none. */
async function logInWithToken(
  agent: TestAgent,
  environment: (overrides?: Environment) => Environment,
  ownerUrl: string,
): Promise<void> {
  const create = ['token', 'create', 'reader', '--scope', 'read']
  const refused = await command(create, environment())
  assert.deepEqual([refused.code, refused.out], [78, ''])
  assert.match(refused.err, /may not manage tokens: .*; run this command as the owner/)
  const { code, out, err } = await command(create, environment({ DATABASE_URL: ownerUrl }))
  assert.equal(code, 0, err)
  const body = JSON.stringify({ token: out.trim() })
  const login = await agent.api('/api/session', { method: 'POST', body })
  assert.equal(login.status, 204)
  const headers = { cookie: login.headers.get('set-cookie')?.split(';')[0] ?? '' }
  assert.equal((await agent.api('/api/status', { headers })).status, 200)
  await eventually(async () => {
    const [used] = await runStatement(ownerUrl, 'select last_used_at from sync.access_token')
    return used?.last_used_at
  })
  assert.equal((await agent.api('/api/session', { method: 'DELETE', headers })).status, 204)
  assert.equal((await agent.api('/api/status', { headers })).status, 401)
}

for (const version of [18, 15] as const) {
  test(`R7.9: PostgreSQL ${version}: the owner migrates, the agent runs under a role that can create nothing, the reader only reads`, {
    timeout: 90_000,
  }, async (t) => {
    const { world, environment, ownerUrl, agentUrl, readerUrl, migrate, grant } = await createDeployment(t, version)

    const early = await command([], environment())
    assert.equal(early.code, 78, early.err)
    assert.match(early.err, /run `meter-sync-agent migrate` once as the owner/)

    const migrated = await migrate()
    assert.equal(migrated.code, 0, migrated.err)
    const schemas = await runStatement(ownerUrl, `select nspname from pg_namespace where nspname in ('sync', 'pgboss')`)
    assert.equal(schemas.length, 2)

    const ungranted = await command([], environment())
    assert.equal(ungranted.code, 78, ungranted.err)
    assert.match(ungranted.err, /docs\/deploy\/grants\.sql/)

    await grant()
    await grant()
    const nothingToDo = await command(['migrate'], environment())
    assert.equal(nothingToDo.code, 0, nothingToDo.err)

    const agent = await world.process(environment())
    const first = await agent.settled()
    assert.equal(first.status, 'succeeded', JSON.stringify(first.error))
    assert.equal(first.counts?.inserted, 100)
    const reading = { externalId: '1', quantity: 'energy', value: 1.5, readAt: '2026-01-01T00:00:00Z' }
    const { body } = await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([reading, reading]) })
    assert.deepEqual(body, { stored: 1, duplicates: 1, conflicts: 0, waiting: 0, rejected: [] })
    await world.source.query(
      'update meter set name = $$New$$ where external_id = 2; delete from meter where external_id = 3',
    )
    const second = await agent.sync()
    assert.equal(second.readMode, 'narrow')
    assert.equal(second.counts?.updated, 1)
    assert.equal(second.counts?.deleted, 1)
    assert.equal((await agent.api('/readyz')).status, 200)
    await logInWithToken(agent, environment, ownerUrl)
    await agent.stop()
    const refusals = agent.log.filter((line) => /permission denied|must be owner/.test(JSON.stringify(line)))
    assert.deepEqual(refusals, [])

    // What pruning does is allowed; what would lose meters or readings is not.
    await runStatement(agentUrl, 'delete from sync.run where false')
    for (const statement of [
      'create schema other',
      'create table public.other ()',
      'create table sync.other ()',
      'delete from sync.meter',
      'truncate sync.meter',
      'delete from sync.meter_reading',
      'update sync.meter_reading set value = 0',
      'delete from sync.revision_counter',
      'update sync.migration set created_at = 0',
      `insert into sync.access_token (name, hash, scopes) values ('forged', '', '{approve}')`,
      'update sync.access_token set revoked_at = null',
    ])
      await assert.rejects(runStatement(agentUrl, statement), refused, statement)

    for (const statement of [
      'insert into meter (external_id) values (9)',
      'update meter set name = null',
      'delete from meter',
      'create table other ()',
    ]) {
      await assert.rejects(runStatement(readerUrl, statement), { code: '25006' }, statement)
      await assert.rejects(runStatement(readerUrl, `set transaction read write; ${statement}`), refused, statement)
    }
    assert.equal((await runStatement(readerUrl, 'select from meter')).length, 99)
  })
}

test('under the roles of docs/deploy a right that the queue lacks ends the start at once, as configuration', async (t) => {
  const { ownerUrl, agentUrl, environment, migrate, grant } = await createDeployment(t, 18)
  await migrate()
  const looking = await command(['status'], environment())
  assert.equal(looking.code, 78, looking.err)
  assert.match(looking.err, /grants\.sql/)
  await grant()
  await runStatement(ownerUrl, `revoke select on pgboss.queue from ${new URL(agentUrl).username}`)
  const asked = performance.now()
  const { code, err } = await command([], environment())
  assert.equal(code, 78, err)
  assert.match(err, /grants\.sql/)
  assert.ok(performance.now() - asked < 8_000)
})

test('F17: under the roles of docs/deploy the session of a frozen worker is ended', {
  timeout: 90_000,
}, async (t) => {
  const { world, environment, migrate, grant } = await createDeployment(t, 18)
  await migrate()
  await grant()
  const gate = await createGate(world.source)
  const gated = environment({ CLIENT_SYSTEM_QUERY: gate.query })
  const frozen = await world.process(gated)
  await frozen.settled()
  const open = await gate.close()
  const { body } = await frozen.api<{ run: Run }>('/api/sync', { method: 'POST' })
  await gate.untilReached()
  frozen.kill('SIGSTOP')
  const worker = await world.agent(gated)
  await using stream = await openStream(`${worker.url}/api/events`)
  const lost = await stream.until(
    (event) => event.type === 'run' && event.data.id === body.run.id && event.data.finishedAt !== null,
    30_000,
  )
  assert.equal(lost.type === 'run' && lost.data.error?.code, 'lease_lost')
  await open()
  await worker.settled()
  assert.equal((await worker.sync()).status, 'succeeded')
})

test('migrate brings the schema of the job queue up to this program; one that is newer is refused', async (t) => {
  const world = await createWorld(t)
  await world.sync.query(getRollbackPlans('pgboss'))
  const [older] = await world.sync.query<{ version: number }>('select version from pgboss.version')
  const migrated = await command(['migrate'], world.environment())
  assert.equal(migrated.code, 0, migrated.err)
  const [current] = await world.sync.query<{ version: number }>('select version from pgboss.version')
  assert.equal(current?.version, (older?.version ?? 0) + 1)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: `select 1 as external_id, 'One' as name` })
  assert.equal((await agent.settled()).status, 'succeeded')
  await agent.stop()

  await world.sync.query('update pgboss.version set version = version + 1')
  for (const args of [[], ['migrate']]) {
    const newer = await command(args, world.environment())
    assert.equal(newer.code, 78, newer.err)
    assert.match(newer.err, /newer than this program; install the newer program/)
  }
})

test('the files of docs/deploy match the program: variables, metrics and copied files, and each is explained', async (t) => {
  const folder = new URL('../../docs/deploy/', import.meta.url)
  const read = (file: string) => readFileSync(new URL(file, folder), 'utf8')

  const known = new Set([...read('../../.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name))
  const set = ['meter-sync-agent.service', 'meter-sync-agent-migrate.service', 'agent.env.example'].flatMap((file) =>
    [...read(file).matchAll(/^(?:# ?)?(?:Environment=)?([A-Z][A-Z_]+)=/gm)].map(([, name = '']) => name),
  )
  const composed = [...read('compose.yaml').matchAll(/^ {6}([A-Z_]+): /gm)].map(([, name = '']) => name)
  const others = /^(NODE_|MALLOC_|POSTGRES_|PATH$)/
  assert.ok(set.length > 10 && composed.length > 5)
  for (const name of [...set, ...composed])
    assert.ok(known.has(name.replace(/_FILE$/, '')) || others.test(name), `${name} is no variable of the agent`)

  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const { body } = await agent.api<string>('/metrics')
  const metrics = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  const watched = [...read('alerts.yml').matchAll(/meter_sync_\w+/g)].map(([name]) => name)
  assert.ok(watched.length > 5)
  for (const name of watched) assert.ok(metrics.has(name), `${name} is no metric`)

  const allowed = new Set([...read('../../.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name))
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  )
  assert.ok(copied.length > 5)
  for (const name of copied) {
    assert.ok(allowed.has(name), `${name} does not get past .dockerignore`)
    assert.ok(existsSync(new URL(`../../${name}`, folder)), `${name} is not there`)
  }

  for (const file of readdirSync(folder).filter((name) => !/^(README\.md|\.gitignore|secrets)$/.test(name)))
    assert.match(read('README.md'), new RegExp(`\\(${file.replaceAll('.', '\\.')}\\)`))
})

test('no guide and no file of docs/deploy puts a secret on a command line', () => {
  const files = ['README.md', ...globSync('docs/{*.md,deploy/*}', { cwd: new URL('../..', import.meta.url) })]
  const shown = [
    // What a shell reads from a file of a secret ends up among the arguments; only commands of the shell itself have none.
    /^(?!\s*(?:[#|]|echo |printf ))[^\n]*\$\(cat [^)]*(?:password|_url|token)[^)]*\)/m,
    /(?:psql|pg_dump|pg_restore|curl)\b[^\n]*:\/\/\w+:[^@\s]+@/,
    /--set \w+="?\$/,
  ]
  assert.ok(files.length > 12)
  for (const file of files) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    for (const pattern of shown) assert.doesNotMatch(text, pattern, file)
  }
})
