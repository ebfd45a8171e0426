import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEnvironment } from '../../src/config/environment.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { runCommand } from '../support/command.ts'
import { urls } from '../support/configuration.ts'

test('R8.2: each secret and the query can come from a file; setting both, or an unreadable file, is an error', async (t) => {
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

test('R8.13: mcp does not read .env in the working directory of an assistant; other commands do', async (t) => {
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
