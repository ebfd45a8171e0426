import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { type Environment, parseConfig, readEnvironment, wantsDemonstration } from '../../src/config/environment.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { createRedact } from '../../src/lib/log.ts'
import { runCommand } from '../support/command.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const urls = {
  DATABASE_URL: 'postgres://agent:secret@127.0.0.1/sync',
  CLIENT_SYSTEM_URL: 'postgres://reader:secret@127.0.0.1/master',
}

function errorsOf(environment: Environment): string[] {
  try {
    parseConfig({ ...urls, ...environment })
  } catch (error) {
    if (error instanceof ConfigError) return [...error.errors]
    throw error
  }
  return []
}

const names = (environment: Environment) => errorsOf(environment).map((error) => error.replace(/:.*/s, ''))

function source(environment: Environment) {
  const [clientSystem] = parseConfig({ ...urls, ...environment }).clientSystems
  if (!clientSystem) throw new Error('there is no Client System')
  return clientSystem
}

test('with only the two URLs set, every other variable has its documented default', () => {
  const config = parseConfig(urls)
  assert.deepEqual(config, {
    syncDatabase: { url: urls.DATABASE_URL, tls: false },
    clientSystems: [
      {
        id: 'main',
        name: 'Client System',
        target: { url: urls.CLIENT_SYSTEM_URL, tls: false },
        query: 'select * from meter',
        insecure: false,
        schedule: { cron: '0 * * * *', timeZone: 'UTC' },
        freshnessMs: (2 * 60 + 10) * 60_000,
        timeouts: { connectMs: 10_000, startMs: 300_000, idleMs: 30_000, totalMs: 3_600_000 },
        guard: { minimum: 10, percent: 5, maximum: 500 },
        readingIntervalMs: 3_600_000,
        silentAlertPercent: 5,
      },
    ],
    role: 'all',
    host: '127.0.0.1',
    port: 3_000,
    authToken: null,
    allowedHosts: [],
    historyDays: 400,
    logLevel: 'info',
    demonstration: false,
    secrets: ['secret'],
    webhook: null,
  })
})

const wrong: Record<string, string[]> = {
  CLIENT_SYSTEM_INSECURE: ['yes', '1'],
  CLIENT_SYSTEM_ID: ['Main', 'a b', 'x'.repeat(64), 'ä', "'; drop table run; --"],
  CLIENT_SYSTEM_NAME: [' ', 'x'.repeat(201)],
  SYNC_CRON: [
    ...['hourly', '* * * *', '0 0 * * * *', '61 * * * *', '@hourly', 'H * * * *', 'H(0-29)/10 * * * *', '0 0 L * *'],
    ...['0 0 15W * *', '0 0 * * 5#2', '0 0 ? * *', '0 0 * * 5L', '0 0 * mai *', '0 0 * * mon-', '*/ * * * *'],
  ],
  SYNC_TIMEZONE: ['Mars/Olympus', 'UTC+'],
  RUN_TIMEOUT_SECONDS: ['0', '-1', '1.5', '1e3', 'x', '86401', ' 5', '0x10', '１'],
  READ_START_SECONDS: ['0', 'never'],
  READ_IDLE_SECONDS: ['0', '86401'],
  DELETE_GUARD_MINIMUM: ['-1', 'many'],
  DELETE_GUARD_PERCENT: ['101', '5%'],
  DELETE_GUARD_MAXIMUM: ['-1', '1000000000'],
  FRESHNESS_MINUTES: ['0', 'soon'],
  READING_INTERVAL_MINUTES: ['0', '1.5', '527041'],
  SILENT_ALERT_PERCENT: ['101', '5%'],
  ALLOWED_HOSTS: ['http://meters.example.org', '*', 'a b'],
  HISTORY_DAYS: ['0', '36501'],
  PORT: ['65536', '-1', 'http'],
  AUTH_TOKEN: ['short'],
  ROLE: ['ALL', 'both'],
  LOG_LEVEL: ['verbose'],
  DATABASE_URL: [
    ...['mysql://host/db', 'host=here', 'postgres://h:port/db', 'jdbc:postgresql://h/db', 'postgres://h/db?schema=x'],
    ...['postgres://a,b/db', 'postgres://u@/db', 'postgres://u:5%@h/db', 'postgres://h/db?dbname=x'],
  ],
  CLIENT_SYSTEM_URL: [
    'http://host/',
    'postgres://u:p@127.0.0.1/db?sslmode=strict',
    'postgres://h/db?sslmode=disable',
    'postgres://h/db?currentSchema=x',
  ],
}

test('an invalid variable is reported by name with what is expected, and no other variable is', () => {
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const found = errorsOf({ [name]: value })
      assert.deepEqual(names({ [name]: value }), [name], `${name}=${value}: ${found}`)
      assert.ok((found[0] ?? '').length > name.length + 10, found[0])
    }
  }
})

test('all invalid variables are reported together, whatever their kinds', () => {
  const name = fc.subarray(Object.keys(wrong), { minLength: 1 })
  fc.assert(
    fc.property(name, fc.nat(), (chosen, at) => {
      const environment = Object.fromEntries(
        chosen.map((variable) => {
          const values = wrong[variable] ?? []
          return [variable, values[at % values.length]]
        }),
      )
      assert.deepEqual(names(environment).toSorted(), chosen.toSorted())
    }),
  )
})

test('a webhook needs an https URL (http only to loopback) and a Standard Webhooks secret, or neither', () => {
  const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  const WEBHOOK_URL = 'https://alerts.example/hook?to=meters'
  const { webhook } = parseConfig({ ...urls, WEBHOOK_URL, WEBHOOK_SECRET })
  assert.deepEqual(webhook, { url: WEBHOOK_URL, key: Buffer.alloc(24, 7) })
  for (const url of ['http://127.0.0.1:9/hook', 'http://localhost/hook', 'http://[::1]:9/'])
    assert.equal(parseConfig({ ...urls, WEBHOOK_URL: url, WEBHOOK_SECRET }).webhook?.url, url)
  for (const url of [
    'http://alerts.example/',
    'ftp://alerts.example/',
    'alerts.example',
    'https://u:p@alerts.example/',
  ])
    assert.deepEqual(names({ WEBHOOK_URL: url, WEBHOOK_SECRET }), ['WEBHOOK_URL'], url)
  const short = `whsec_${Buffer.alloc(23).toString('base64')}`
  const long = `whsec_${Buffer.alloc(65).toString('base64')}`
  for (const secret of ['whsec_', 'secret', WEBHOOK_SECRET.slice(6), short, long, `${WEBHOOK_SECRET}!`])
    assert.deepEqual(names({ WEBHOOK_URL, WEBHOOK_SECRET: secret }), ['WEBHOOK_SECRET'], secret)
  assert.deepEqual(names({ WEBHOOK_URL }), ['WEBHOOK_SECRET'])
  assert.deepEqual(names({ WEBHOOK_SECRET }), ['WEBHOOK_URL'])
})

test('one database URL without the other is an error that names the missing one; without both the demonstration runs', () => {
  assert.deepEqual(names({ DATABASE_URL: undefined }), ['DATABASE_URL'])
  assert.deepEqual(names({ CLIENT_SYSTEM_URL: undefined, PORT: 'x' }).toSorted(), ['CLIENT_SYSTEM_URL', 'PORT'])
  assert.equal(wantsDemonstration({}), true)
  assert.equal(wantsDemonstration({ NODE_ENV: 'production' }), false)
  assert.equal(wantsDemonstration({ PORT: '0', LOG_LEVEL: 'warn', HOST: 'localhost' }), true)
  for (const name of ['CLIENT_SYSTEM_QUERY', 'SYNC_CRON', 'WEBHOOK_URL', 'ROLE'])
    assert.equal(wantsDemonstration({ [name]: 'set' }), false, `${name} is set, so that the URLs were forgotten`)
  assert.equal(wantsDemonstration({ DATABASE_URL: urls.DATABASE_URL }), false)
  assert.equal(wantsDemonstration({ CLIENT_SYSTEM_URL: urls.CLIENT_SYSTEM_URL }), false)
})

test('a remote Client System is verified unless CLIENT_SYSTEM_INSECURE allows otherwise', () => {
  const url = (host: string, parameters = '') => ({ CLIENT_SYSTEM_URL: `postgres://u:p@${host}/db${parameters}` })
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.9.9.9']) {
    assert.equal(source(url(host)).target.tls, false, host)
    assert.equal(source(url(host)).insecure, false)
    assert.deepEqual(source(url(host, '?sslmode=verify-full')).target.tls, { ca: undefined })
    assert.deepEqual(source(url(host, '?sslmode=require')).target.tls, { ca: undefined })
  }
  for (const host of ['db.example.org', '10.0.0.1', '[2001:db8::1]', '127.example.org', 'localhost.example.org']) {
    for (const parameters of ['', '?sslmode=verify-full', '?sslmode=require', '?sslmode=verify-ca']) {
      assert.deepEqual(source(url(host, parameters)).target.tls, { ca: undefined }, host + parameters)
      assert.equal(source(url(host, parameters)).insecure, false)
    }
    assert.deepEqual(names(url(host, '?sslmode=disable')), ['CLIENT_SYSTEM_URL'])
    const allowed = source({ ...url(host, '?sslmode=disable'), CLIENT_SYSTEM_INSECURE: 'true' })
    assert.deepEqual([allowed.target.tls, allowed.insecure], [false, true])
  }
  const { target } = source(url('db.example.org', '?sslmode=verify-full&application_name=x'))
  assert.equal(
    target.url,
    'postgres://u:p@db.example.org/db?application_name=x',
    'the URL for the driver has no TLS parameter',
  )
})

test('no parameter of a URL disables the verification of the server', () => {
  const url = (text: string) => ({ CLIENT_SYSTEM_URL: text })
  for (const parameter of ['ssl=0', 'ssl=false', 'sslcert=/tmp/x', 'sslkey=/tmp/x', 'sslnegotiation=direct'])
    assert.deepEqual(names(url(`postgres://u@db.example.org/db?${parameter}`)), ['CLIENT_SYSTEM_URL'], parameter)
  const elsewhere = source(url('postgres://u@localhost/db?host=db.example.org'))
  assert.deepEqual(elsewhere.target.tls, { ca: undefined })
  assert.equal(source(url('postgres://u@localhost/db?host=/var/run/postgresql')).target.tls, false)
  assert.doesNotMatch(source(url('postgres://u@localhost/db?client_encoding=LATIN1')).target.url, /client_encoding/)
})

test('sslrootcert is read at start, and a missing file is an error', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  const file = join(directory, 'ca.pem')
  const [authority = ''] = rootCertificates
  await writeFile(file, authority)
  const url = (path: string) => ({ CLIENT_SYSTEM_URL: `postgres://u:p@db.example.org/db?sslrootcert=${path}` })
  assert.deepEqual(source(url(file)).target.tls, { ca: authority })
  await writeFile(file, 'PEM')
  assert.match(errorsOf(url(file)).join(), /holds no certificate; expected PEM/)
  const system = source(url('system')).target.tls
  assert.match(typeof system === 'object' ? (system.ca ?? '') : '', /BEGIN CERTIFICATE/)
  assert.deepEqual(names(url(join(directory, 'none'))), ['CLIENT_SYSTEM_URL'])
  await rm(directory, { recursive: true })
})

test('a HOST that is not loopback needs AUTH_TOKEN and ALLOWED_HOSTS', () => {
  const token = 'a-token-of-16-characters'
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'meters.example.org']) {
    assert.deepEqual(names({ HOST: host }).toSorted(), ['ALLOWED_HOSTS', 'AUTH_TOKEN'], host)
    assert.deepEqual(names({ HOST: host, AUTH_TOKEN: token }), ['ALLOWED_HOSTS'])
    assert.deepEqual(names({ HOST: host, AUTH_TOKEN: token, ALLOWED_HOSTS: ' , ' }), ['ALLOWED_HOSTS'])
    assert.deepEqual(names({ HOST: host, AUTH_TOKEN: token, ALLOWED_HOSTS: 'meters.example.org' }), [])
  }
  for (const host of ['127.0.0.1', '::1', 'localhost']) assert.deepEqual(names({ HOST: host }), [])
  assert.deepEqual(parseConfig({ ...urls, ALLOWED_HOSTS: 'A.example.org, b ' }).allowedHosts, ['a.example.org', 'b'])
})

test('the freshness limit follows the longest gap of the schedule, unless it is set', () => {
  const minutes = (environment: Environment) => source(environment).freshnessMs / 60_000
  assert.equal(minutes({ SYNC_CRON: '*/15 * * * *' }), 2 * 15 + 10)
  assert.equal(minutes({ SYNC_CRON: '0 6,8 * * *' }), 2 * 22 * 60 + 10)
  assert.equal(minutes({ SYNC_CRON: '* * * * *' }), 2 + 10)
  assert.equal(minutes({ SYNC_CRON: '50,10,15 * * * *' }), 2 * 35 + 10)
  assert.equal(minutes({ SYNC_CRON: '30-40 * * * *' }), 2 * 50 + 10)
  assert.equal(minutes({ FRESHNESS_MINUTES: '7' }), 7)
})

test('the freshness limit does not depend on when the agent starts, and includes nights and weekends', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const weekend = 57 * 60 + 15
  for (const start of ['2026-11-23T08:00Z', '2026-11-26T19:00Z', '2026-11-27T20:50Z', '2026-11-28T12:00Z']) {
    t.mock.timers.setTime(Date.parse(start))
    const { freshnessMs } = source({ SYNC_CRON: '*/15 6-20 * * 1-5', SYNC_TIMEZONE: 'UTC' })
    assert.equal(freshnessMs / 60_000, 2 * weekend + 10, start)
  }
})

test('sslmode=require, prefer and allow with CLIENT_SYSTEM_INSECURE encrypt without verification; every other mode verifies', () => {
  const url = (parameters: string) => ({ CLIENT_SYSTEM_URL: `postgres://u:p@db.example.org/db${parameters}` })
  const CLIENT_SYSTEM_INSECURE = 'true'
  for (const sslmode of ['require', 'prefer', 'allow']) {
    const { target, insecure } = source({ ...url(`?sslmode=${sslmode}`), CLIENT_SYSTEM_INSECURE })
    assert.deepEqual([target.tls, insecure], ['unverified', true], sslmode)
  }
  for (const parameters of ['', '?sslmode=verify-ca', '?sslmode=verify-full']) {
    const { target, insecure } = source({ ...url(parameters), CLIENT_SYSTEM_INSECURE })
    assert.deepEqual([target.tls, insecure], [{ ca: undefined }, false], parameters)
  }
})

test('a password with an unencoded @ is refused without showing any part of it', async () => {
  for (const password of ['Sum@mer/2026', 'Sum@mer?2026', 'Sum@mer#2026', 'Sum/mer', '12#Sum', '7?Sum@x'])
    for (const name of ['DATABASE_URL', 'CLIENT_SYSTEM_URL']) {
      const [error = '', ...others] = errorsOf({ [name]: `postgres://reader:${password}@db.example.org/meters` })
      assert.deepEqual(others, [])
      assert.match(error, new RegExp(`^${name}: .*percent-encode the password`))
      assert.doesNotMatch(error, /Sum|mer|2026|12/)
    }
  const CLIENT_SYSTEM_URL = 'postgres://reader:Sum@mer/2026@db.example.org/meters'
  const { code, out, err } = await runCommand([], { ...urls, CLIENT_SYSTEM_URL }, { cwd: tmpdir() })
  assert.equal(code, 78)
  assert.match(err, /CLIENT_SYSTEM_URL: .*percent-encode the password/)
  assert.doesNotMatch(out + err, /Sum|2026/)
})

test('every form in which libpq names a socket is accepted', () => {
  for (const text of [
    'postgres://u:p@/db?host=/var/run/postgresql',
    'postgres://u:p@%2Fvar%2Frun%2Fpostgresql/db',
    'postgres://u:p@localhost/db?host=/var/run/postgresql',
  ]) {
    const { target } = source({ CLIENT_SYSTEM_URL: text })
    assert.deepEqual(target, { url: 'postgres://u:p@localhost/db?host=%2Fvar%2Frun%2Fpostgresql', tls: false }, text)
  }
})

test('names and ranges are accepted in the five fields of cron', () => {
  for (const cron of ['*/15 6-20 * * mon-fri', '0,30 0 1-15/2 JAN,jul *', '5/10 * * * 7', '0 0 29 2 SUN-TUE'])
    assert.deepEqual(errorsOf({ SYNC_CRON: cron }), [], cron)
})

test('each secret and the query can come from a file; setting both, or an unreadable file, is an error', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  const before = { ...process.env }
  t.after(async () => {
    process.env = before
    await rm(directory, { recursive: true })
  })
  const file = join(directory, 'secret')
  await writeFile(file, `${urls.DATABASE_URL}\n`)
  process.env = { DATABASE_URL_FILE: file, AUTH_TOKEN_FILE: file, CLIENT_SYSTEM_QUERY_FILE: file, PORT: '' }
  const environment = readEnvironment()
  assert.equal(environment.DATABASE_URL, urls.DATABASE_URL)
  assert.equal(environment.AUTH_TOKEN, urls.DATABASE_URL)
  assert.equal(environment.CLIENT_SYSTEM_QUERY, urls.DATABASE_URL)
  assert.equal('PORT' in environment, false, 'an empty variable counts as not set')
  process.env = { DATABASE_URL_FILE: join(directory, 'none'), AUTH_TOKEN_FILE: file, AUTH_TOKEN: 'another' }
  assert.throws(
    () => readEnvironment(),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.errors.map((line) => line.replace(/:.*/s, '')).toSorted(), [
        'AUTH_TOKEN',
        'DATABASE_URL_FILE',
      ])
      return true
    },
  )
})

test('the freshness limit includes a pause of months in the schedule', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  for (const start of ['2026-01-05T08:00Z', '2026-06-05T08:00Z', '2026-12-01T08:00Z']) {
    t.mock.timers.setTime(Date.parse(start))
    const { freshnessMs } = source({ SYNC_CRON: '0 6 * 4-9 *', SYNC_TIMEZONE: 'UTC' })
    assert.ok(freshnessMs > 2 * 182 * 86_400_000, start)
  }
})

test('an unreadable .env is an error, and a missing one is not', async (t) => {
  const before = process.cwd()
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  t.after(async () => {
    process.chdir(before)
    await rm(directory, { recursive: true })
  })
  process.chdir(directory)
  assert.doesNotThrow(() => readEnvironment())
  await mkdir('.env')
  assert.throws(
    () => readEnvironment(),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.errors.join(), /^\.env: cannot be read: EISDIR/)
      return true
    },
  )
})

test('mcp does not read .env in the working directory of an assistant; other commands do', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  t.after(() => rm(cwd, { recursive: true }))
  const planted = `DATABASE_URL=postgres://127.0.0.1:1/planted\nCLIENT_SYSTEM_URL=postgres://127.0.0.1:1/planted\n`
  await writeFile(join(cwd, '.env'), `${planted}CLIENT_SYSTEM_QUERY=select * from planted\n`)
  const [mcp, status] = await Promise.all([runCommand(['mcp'], {}, { cwd }), runCommand(['status'], {}, { cwd })])
  assert.deepEqual([mcp.code, mcp.out], [78, ''])
  assert.match(mcp.err, /mcp needs DATABASE_URL and CLIENT_SYSTEM_URL/)
  assert.equal(status.code, 1)
  assert.match(status.err, /Cannot connect to the Sync database: .*127\.0\.0\.1:1/)
  await writeFile(join(cwd, '.env'), 'PORT="80"80\n')
  assert.match((await runCommand(['mcp'], {}, { cwd })).err, /mcp needs DATABASE_URL/)
  const cut = await runCommand(['status'], {}, { cwd })
  assert.deepEqual([cut.code, cut.out], [78, ''])
  assert.match(cut.err, /^ {2}\.env: the value of PORT contains its own quote/m)
})

test('a value in .env that contains its own quote is refused by the name of the variable; other quotes work', async (t) => {
  const before = { cwd: process.cwd(), env: { ...process.env } }
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  t.after(async () => {
    process.chdir(before.cwd)
    process.env = before.env
    await rm(directory, { recursive: true })
  })
  process.chdir(directory)
  process.env = {}
  const query = 'select "Id" as external_id, "Name" as name from "Meter"'
  for (const text of [
    `CLIENT_SYSTEM_QUERY='${query}'`,
    `CLIENT_SYSTEM_QUERY=${query}`,
    `CLIENT_SYSTEM_QUERY=\`${query}\``,
  ]) {
    await writeFile('.env', `# a comment\nSYNC_CRON="0 * * * *" # hourly\n${text}\nPORT=3000\n`)
    assert.deepEqual({ ...readEnvironment() }, { SYNC_CRON: '0 * * * *', CLIENT_SYSTEM_QUERY: query, PORT: '3000' })
    assert.deepEqual({ ...readEnvironment({ dotEnv: false }) }, {})
  }
  await writeFile('.env', `CLIENT_SYSTEM_NAME="North"\nCLIENT_SYSTEM_QUERY="${query}"\n`)
  assert.throws(
    () => readEnvironment(),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(
        error.message,
        /^\.env: the value of CLIENT_SYSTEM_QUERY contains its own quote .*CLIENT_SYSTEM_QUERY_FILE/,
      )
      return true
    },
  )
})

test('an invalid variable stops the demonstration before it creates any file', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  t.after(() => rm(cwd, { recursive: true }))
  const { code, err } = await runCommand([], { LOG_LEVEL: 'verbose', PORT: 'abc' }, { cwd })
  assert.equal(code, 78)
  assert.match(err, /^ {2}PORT: .*^ {2}LOG_LEVEL: /ms)
  assert.deepEqual(await readdir(cwd), [])
})

test('the process lists every error on stderr by variable name, without a secret, and exits with 78', async () => {
  const environment = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: 'postgres://agent:hunter2hunter2@:/sync',
    CLIENT_SYSTEM_URL: 'postgres://reader:hunter2hunter2@db.example.org/m?sslmode=disable',
    PORT: 'eighty',
    WEBHOOK_URL: 'https://user:hunter2hunter2@example.org',
    WEBHOOK_SECRET: 'hunter2hunter2',
  }
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, [main], { env: environment, cwd: tmpdir() }, (error, stdout, stderr) =>
      done({ code: error?.code, stdout, stderr }),
    )
  })
  assert.equal(code, 78)
  for (const name of ['DATABASE_URL', 'CLIENT_SYSTEM_URL', 'PORT', 'WEBHOOK_URL', 'WEBHOOK_SECRET'])
    assert.match(stderr, new RegExp(`^ {2}${name}: `, 'm'))
  assert.doesNotMatch(stdout + stderr, /hunter2/)
})

test('F29: no credentials of a connection string pass the log', () => {
  const word = fc
    .string({ minLength: 1 })
    .map((text) => `S3cret${encodeURIComponent(text.toWellFormed()).replaceAll("'", '%27')}`)
  fc.assert(
    fc.property(
      word,
      fc.constantFrom('postgres', 'postgresql', 'POSTGRES'),
      fc.boolean(),
      (secret, protocol, inQuery) => {
        const url = inQuery
          ? `${protocol}://host/db?user=u&password=${secret}`
          : `${protocol}://u:${secret}@host:5432/db?x=1`
        for (const text of [url, JSON.stringify({ err: { message: `cannot reach ${url}, see ${url}` } }), `"${url}"\n`])
          assert.doesNotMatch(createRedact()(text), /S3cret/)
      },
    ),
  )
  const dsn = `select * from dblink('host=db user=u password=S3cret', 'select 1'), dblink('password = ''S3cret word'' host=db', '')`
  for (const text of [
    dsn,
    JSON.stringify({ dsn }),
    'PGPASSWORD=S3cret psql',
    JSON.stringify({ url: 'password=S3\\S3cret' }),
  ]) {
    assert.doesNotMatch(createRedact()(text), /S3cret/)
    assert.match(createRedact()(text), /^\{.*\}$|^[^{]/)
  }
  assert.equal(JSON.parse(createRedact()(JSON.stringify({ dsn }))).dsn, createRedact()(dsn))
  const kept = 'postgres://host/db is an address, and user@example.org is a person'
  assert.equal(createRedact()(kept), kept)
})
