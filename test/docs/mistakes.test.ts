import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Environment, parseConfig, readEnvironment } from '../../src/config/environment.ts'
import { migrate } from '../../src/db/migrate.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { withheldWords } from '../../src/wire/reason-words.ts'
import type { Preview, Problem } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { createDeployment } from '../support/deployment.ts'
import { startTransactionPooler } from '../support/pooler.ts'
import {
  certificate,
  findClosedPort,
  listen,
  startGreetingServer,
  startSilentServer,
  startTlsServer,
} from '../support/servers.ts'
import { createWorld } from '../support/world.ts'

const connect = readFileSync(new URL('../../docs/connect.md', import.meta.url), 'utf8')

/** The rows of the two tables of mistakes: the words of the agent for each, in pieces. */
function readTables(): Map<string, string[]>[] {
  const [, section = ''] = connect.split('## What may go wrong at first\n')
  return section
    .split('| mistake |')
    .slice(1)
    .map((table) => {
      const rows = [...table.matchAll(/^\| (?!-)(.+?) \| (.+?) \| .+ \|$/gm)]
      return new Map(
        rows
          .filter(([, mistake]) => mistake !== 'the agent says')
          .map(([, mistake = '', words = '']) => [
            mistake,
            [...words.matchAll(/`([^`]+)`/g)].map(([, piece = '']) => piece),
          ]),
      )
    })
}

const [atStart = new Map<string, string[]>(), inRun = new Map<string, string[]>()] = readTables()

function assertWords(table: Map<string, string[]>, mistake: string, message: string): void {
  const pieces = table.get(mistake) ?? []
  assert.ok(pieces.length > 0, `the guide does not explain: ${mistake}`)
  for (const piece of pieces)
    assert.ok(message.includes(piece), `${mistake}: the guide promises "${piece}", but the message is: ${message}`)
}

const pooled = 'a pooler in transaction mode before the Sync database'
const valid = { DATABASE_URL: 'postgres://u@127.0.0.1/sync', CLIENT_SYSTEM_URL: 'postgres://u@127.0.0.1/meters' }

test('connect.md: every mistake of the configuration is refused at start in the words of the guide', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-mistakes-'))
  const before = { cwd: process.cwd(), env: { ...process.env } }
  t.after(async () => {
    process.chdir(before.cwd)
    process.env = before.env
    await rm(directory, { recursive: true })
  })
  process.chdir(directory)
  await writeFile('query.sql', 'select * from meter')
  await writeFile('key.pem', 'no certificate')
  const url = (text: string) => ({ CLIENT_SYSTEM_URL: text })
  const mistakes: Record<string, Environment | string> = {
    'a MySQL URL': url('mysql://u:p@host/db'),
    'a SQL Server URL': url('mssql://u:p@host/db'),
    'a JDBC URL': url('jdbc:postgresql://host:5432/db?user=u&password=p'),
    "libpq's `host=… dbname=…`": url('host=db.example dbname=utility user=u'),
    'an `@` and a `/` in the password as they are': url('postgres://u:p@ss/word@host/db'),
    'a port that is not a number': url('postgres://u:p@host:port/db'),
    'a `%` in the password as it is': url('postgres://u:50%@host/db'),
    '`?schema=metering`': url('postgres://u:p@host/db?schema=metering'),
    '`?currentSchema=metering`': url('postgres://u:p@host/db?currentSchema=metering'),
    'another unknown parameter': url('postgres://u:p@host/?dbname=utility'),
    '`?ssl=true` or a client certificate': url('postgres://u:p@host/db?ssl=true'),
    '`?sslmode=disable` to another machine': url('postgres://u:p@192.0.2.1/db?sslmode=disable'),
    '`?sslrootcert=` names no file': url('postgres://u:p@host/db?sslrootcert=none.pem'),
    '`?sslrootcert=` names a key or an empty file': url('postgres://u:p@host/db?sslrootcert=key.pem'),
    'one of the two URLs is missing': { CLIENT_SYSTEM_URL: '' },
    'a value and its `_FILE` are set': { CLIENT_SYSTEM_QUERY: 'select 1', CLIENT_SYSTEM_QUERY_FILE: 'query.sql' },
    'double quotes within double quotes in `.env`': 'CLIENT_SYSTEM_QUERY="select * from "Meter""',
    '`SYNC_CRON=H * * * *`': { SYNC_CRON: 'H * * * *' },
    [pooled]: { DATABASE_URL: await startTransactionPooler(t, (await createWorld(t)).sync.url) },
  }
  assert.deepEqual(Object.keys(mistakes), [...atStart.keys()])
  for (const [mistake, made] of Object.entries(mistakes)) {
    await writeFile('.env', typeof made === 'string' ? made : '')
    process.env = { ...valid, ...(typeof made === 'string' ? {} : made) }
    let message = ''
    try {
      const { syncDatabase } = parseConfig(readEnvironment())
      if (mistake === pooled) await migrate(syncDatabase)
    } catch (error) {
      assert.ok(error instanceof ConfigError, mistake)
      assert.equal(error.errors.length, 1, `${mistake}: ${error.message}`)
      message = error.message
    }
    assertWords(atStart, mistake, message)
    assert.doesNotMatch(message, /p@ss|\/word|:50/)
  }
})

/** What a mistake changed is put back once it was seen. */
type After = (end: () => Promise<unknown>) => void

/** What the Client System holds for all of the mistakes. */
const tables = `
  create table device (id int, label text);
  create table dated (external_id int, name text, active date);
  create schema metering;
  create table metering.meter as select * from meter;
  drop table meter;
  create table "MeterRecords" (external_id int, name text);
  create table locked (external_id int, name text);
  create table hidden (id int, label text);
  create function conflict() returns int language plpgsql as $$ begin
    raise exception 'canceling statement due to conflict with recovery' using errcode = '40001'; end $$`

test('connect.md: every mistake that a preview or a run finds is reported in the words of the guide', async (t) => {
  const { world, readerUrl } = await createDeployment(t, 18)
  const { source } = world
  await source.query(tables)
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-mistakes-'))
  t.after(() => rm(directory, { recursive: true }))
  const authority = join(directory, 'ca.pem')
  await writeFile(authority, certificate)
  const tlsPort = await startTlsServer(t)
  const serverAt = (port: number, parameters = '') => ({
    CLIENT_SYSTEM_URL: `postgres://u:p@localhost:${port}/meters${parameters}`,
  })
  const changed = (base: string, change: (url: URL) => void) => {
    const url = new URL(base)
    change(url)
    return { CLIENT_SYSTEM_URL: url.href }
  }
  const role = new URL(readerUrl).username
  const query = (text: string) => ({ CLIENT_SYSTEM_QUERY: text })
  /** Changes something at the Client System until the mistake was seen. */
  const until = async (after: After, change: string, back: string, environment: Environment) => {
    await source.query(change)
    after(() => source.query(back))
    return environment
  }
  const mistakes: Record<string, (after: After) => Promise<Environment> | Environment> = {
    'no server there': () => ({ CLIENT_SYSTEM_URL: 'postgres://u:p@127.0.0.1:9/meters' }),
    'a host name that does not exist': () => ({ CLIENT_SYSTEM_URL: 'postgres://u:p@nowhere.invalid/meters' }),
    'the port of MySQL or MariaDB': async () =>
      serverAt(await startGreetingServer(t, 'Y\0\0\0\n5.5.5-10.11.6-MariaDB\0\x1a\0\0\0salt')),
    'the port of a web server': async () => serverAt(await listen(t, createServer()), '?sslmode=verify-full'),
    'the port of SSH': async () => serverAt(await startGreetingServer(t, 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')),
    'a firewall swallows the packets': async () => ({ CLIENT_SYSTEM_URL: (await startSilentServer(t)).url }),
    'the database does not exist': () => changed(source.url, (url) => Object.assign(url, { pathname: '/no_such' })),
    'no password in the URL': () => changed(source.url, (url) => Object.assign(url, { password: '' })),
    'wrong user or password': () => changed(source.url, (url) => Object.assign(url, { password: 'wrong' })),
    'the role may not log in, or `pg_hba.conf` has no line for it': (after) =>
      until(after, `alter role ${role} nologin`, `alter role ${role} login`, { CLIENT_SYSTEM_URL: readerUrl }),
    'the role may not connect to the database': (after) =>
      until(
        after,
        `revoke connect on database ${source.name} from public`,
        `grant connect on database ${source.name} to public`,
        { CLIENT_SYSTEM_URL: readerUrl },
      ),
    'too many sessions of the role': (after) =>
      until(after, `alter role ${role} connection limit 0`, `alter role ${role} connection limit -1`, {
        CLIENT_SYSTEM_URL: readerUrl,
      }),
    'the server has no TLS': () => changed(source.url, (url) => url.searchParams.set('sslmode', 'verify-full')),
    'a certificate of an unknown authority': () => serverAt(tlsPort, '?sslmode=verify-full'),
    'a certificate for another name': () => serverAt(tlsPort, `?sslmode=verify-full&sslrootcert=${authority}`),
    'the role may not read the table': () => ({
      CLIENT_SYSTEM_URL: readerUrl,
      ...query('select id as external_id, label as name from hidden'),
    }),
    'the table is in no schema of the search path': () => ({}),
    'a name with capitals, without quotes': () => query('select *\nfrom MeterRecords'),
    'no table of that name': () => query('select * from nothing'),
    'the name of a table for a query': () => query('device'),
    'two statements': () => query('select * from device; select * from dated'),
    'a placeholder': () => query('select * from metering.meter where external_id > $1'),
    'not a SELECT': () => query('delete from device'),
    'a typing error': () => query('select * form device'),
    'the id has another name': () => query('select * -- all\nfrom device\n  where id > 0;\n'),
    'a column twice': () => query(`select a.*, b.*, 1 as external_id, '' as name from device a, device b`),
    'a date as `active`': () => query('select * from dated'),
    'the tables are locked, as by a migration': async (after) => {
      after(await source.hold('begin; lock table locked'))
      return { READ_START_SECONDS: '1', ...query('select * from locked') }
    },
    'a standby whose primary changes what is read': () => query(`select conflict() as external_id, 'x' as name`),
    'bytes that are not UTF8, as in an SQL_ASCII database': async () => {
      const name = `${source.name}_ascii`
      await source.query(`create database ${name} encoding 'SQL_ASCII' template template0`)
      world.after(() => source.query(`drop database if exists ${name} with (force)`))
      const { CLIENT_SYSTEM_URL } = changed(source.url, (url) => Object.assign(url, { pathname: name }))
      const label = String.raw`convert_from('\x5ae4686c6572'::bytea, 'SQL_ASCII')`
      return { CLIENT_SYSTEM_URL, ...query(`select 1 as external_id, name from (select ${label} as name) l`) }
    },
    'an empty table, or a row policy that hides it': async (after) => {
      const environment = query('select * from metering.meter')
      const agent = await world.agent(environment)
      await agent.settled()
      await agent.stop()
      return until(after, 'delete from metering.meter', 'select', environment)
    },
  }
  assert.deepEqual(Object.keys(mistakes), [...inRun.keys()])
  const see = async (mistake: string) => {
    const ends: (() => Promise<unknown>)[] = []
    const made = await mistakes[mistake]?.((end) => ends.push(end))
    const agent = await world.agent({ ROLE: 'api', ...made })
    try {
      const { body } = await agent.api<Problem & Preview>('/api/preview', { method: 'POST' })
      const { code, detail, hint, withheldBecause } = body
      const withheld = `The deletions would be held back: ${withheldBecause && withheldWords(withheldBecause)}`
      const message = code ? `${code} ${detail} ${hint}` : withheld
      assertWords(inRun, mistake, message)
      assert.doesNotMatch(message, /[\r\n]/, 'a hint can be copied from a terminal')
    } finally {
      for (const end of ends) await end()
      await agent.stop()
    }
  }
  const slow = 'a firewall swallows the packets'
  await Promise.all([
    see(slow),
    (async () => {
      for (const mistake of Object.keys(mistakes)) if (mistake !== slow) await see(mistake)
    })(),
  ])
})

test('the expression that the guide and the hint give for an SQL_ASCII database reads its bytes as text', async (t) => {
  const world = await createWorld(t)
  const [, expression = ''] = /`(convert_from\(convert\(.+?'SQL_ASCII'\)) as name`/.exec(connect) ?? []
  const name = `${world.source.name}_ascii`
  await world.source.query(`create database ${name} encoding 'SQL_ASCII' template template0`)
  world.after(() => world.source.query(`drop database if exists ${name} with (force)`))
  const url = new URL(world.source.url)
  url.pathname = name
  const bytes = String.raw`convert_from('\x5ae4686c6572'::bytea, 'SQL_ASCII')`
  const agent = await world.agent({
    CLIENT_SYSTEM_URL: url.href,
    CLIENT_SYSTEM_QUERY: `select 1 as external_id, ${expression} as name from (select ${bytes} as label) l`,
  })
  await agent.settled()
  assert.deepEqual(await world.sync.query('select name from sync.meter'), [{ name: 'Zähler' }])
})

test('an unreachable Sync database is reported in the same words', async (t) => {
  const { environment, agentUrl } = await createDeployment(t, 18)
  const other = await startGreetingServer(t, 'SSH-2.0-OpenSSH_9.2p1\r\n')
  const without = new URL(agentUrl)
  without.password = ''
  const closed = await findClosedPort()
  const mistakes: [url: string, words: RegExp][] = [
    [`postgres://u:p@127.0.0.1:${closed}/x`, /: connection refused by 127\.0\.0\.1:\d+ \(connect ECONNREFUSED/],
    [
      `postgres://u:p@127.0.0.1:${other}/x`,
      /: an SSH server answers there, not PostgreSQL\nCheck host and port in DATABASE_URL/,
    ],
    [
      without.href,
      /it requires a password, and DATABASE_URL has none\nAdd the password after the user in DATABASE_URL/,
    ],
    [
      agentUrl.replace(/word-\w+/, 'wrong'),
      /password authentication failed.*\nCheck user and password in DATABASE_URL/,
    ],
  ]
  await Promise.all(
    mistakes.map(async ([DATABASE_URL, words]) => {
      const { code, err } = await runCommand(['status'], environment({ DATABASE_URL }))
      assert.equal(code, 1)
      assert.match(err, words)
    }),
  )
})
