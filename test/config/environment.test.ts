import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { parseConfig, wantsDemonstration } from '../../src/config/environment.ts'
import { runCommand } from '../support/command.ts'
import { errorsOf, invalidNames, urls } from '../support/configuration.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

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
    readingsDays: null,
    readingRegisters: ['energy', 'volume'],
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
  READING_REGISTERS: [',', 'a b', 'energy;volume'],
  ALLOWED_HOSTS: ['http://meters.example.org', '*', 'a b'],
  HISTORY_DAYS: ['0', '36501'],
  READINGS_DAYS: ['30', '36501', 'ever'],
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
      assert.deepEqual(invalidNames({ [name]: value }), [name], `${name}=${value}: ${found}`)
      assert.ok((found[0] ?? '').length > name.length + 10, found[0])
    }
  }
})

test('R8.1: all invalid variables are reported together, whatever their kinds', () => {
  const name = fc.subarray(Object.keys(wrong), { minLength: 1 })
  fc.assert(
    fc.property(name, fc.nat(), (chosen, at) => {
      const environment = Object.fromEntries(
        chosen.map((variable) => {
          const values = wrong[variable] ?? []
          return [variable, values[at % values.length]]
        }),
      )
      assert.deepEqual(invalidNames(environment).toSorted(), chosen.toSorted())
    }),
  )
})

test('R8.3: one database URL without the other is an error that names the missing one; without both the demonstration runs', () => {
  assert.deepEqual(invalidNames({ DATABASE_URL: undefined }), ['DATABASE_URL'])
  assert.deepEqual(invalidNames({ CLIENT_SYSTEM_URL: undefined, PORT: 'x' }).toSorted(), ['CLIENT_SYSTEM_URL', 'PORT'])
  assert.equal(wantsDemonstration({}), true)
  assert.equal(wantsDemonstration({ NODE_ENV: 'production' }), false)
  assert.equal(wantsDemonstration({ PORT: '0', LOG_LEVEL: 'warn', HOST: 'localhost' }), true)
  for (const name of ['CLIENT_SYSTEM_QUERY', 'SYNC_CRON', 'WEBHOOK_URL', 'ROLE'])
    assert.equal(wantsDemonstration({ [name]: 'set' }), false, `${name} is set, so that the URLs were forgotten`)
  assert.equal(wantsDemonstration({ DATABASE_URL: urls.DATABASE_URL }), false)
  assert.equal(wantsDemonstration({ CLIENT_SYSTEM_URL: urls.CLIENT_SYSTEM_URL }), false)
})

test('R8.5: a HOST that is not loopback needs AUTH_TOKEN and ALLOWED_HOSTS', () => {
  const token = 'a-token-of-16-characters'
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'meters.example.org']) {
    assert.deepEqual(invalidNames({ HOST: host }).toSorted(), ['ALLOWED_HOSTS', 'AUTH_TOKEN'], host)
    assert.deepEqual(invalidNames({ HOST: host, AUTH_TOKEN: token }), ['ALLOWED_HOSTS'])
    assert.deepEqual(invalidNames({ HOST: host, AUTH_TOKEN: token, ALLOWED_HOSTS: ' , ' }), ['ALLOWED_HOSTS'])
    assert.deepEqual(invalidNames({ HOST: host, AUTH_TOKEN: token, ALLOWED_HOSTS: 'meters.example.org' }), [])
  }
  for (const host of ['127.0.0.1', '::1', 'localhost']) assert.deepEqual(invalidNames({ HOST: host }), [])
  assert.deepEqual(parseConfig({ ...urls, ALLOWED_HOSTS: 'A.example.org, b ' }).allowedHosts, ['a.example.org', 'b'])
})

test('an invalid variable stops the demonstration before it creates any file', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  t.after(() => rm(cwd, { recursive: true }))
  const { code, err } = await runCommand([], { LOG_LEVEL: 'verbose', PORT: 'abc' }, { cwd })
  assert.equal(code, 78)
  assert.match(err, /^ {2}PORT: .*^ {2}LOG_LEVEL: /ms)
  assert.deepEqual(await readdir(cwd), [])
})

test('R8.1: the process lists every error on stderr by variable name, without a secret, and exits with 78', async () => {
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
