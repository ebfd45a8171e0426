import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { parseConfig } from '../../src/config/environment.ts'
import { redactLine } from '../../src/lib/log.ts'
import { createRedact } from '../../src/lib/redact.ts'
import type { Problem } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { webhookSecret } from '../support/receiver.ts'
import { createWorld } from '../support/world.ts'

/** Blanks, quotes of both kinds, what a URL and what JSON escapes, and letters beyond ASCII. */
const password = `S3cret "wörd" 'of' \\ many/kinds @ 100%`

test('F29: a password with quotes and blanks in an error of the Client System appears nowhere', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const role = `reader_${world.source.name}`
  await world.source.query(`create role ${role} login password '${password.replaceAll("'", "''")}'`)
  world.after(() => world.source.query(`drop owned by ${role}; drop role ${role}`))
  await world.source.query(`grant select on meter to ${role}`)
  const url = new URL(world.source.url)
  url.username = role
  url.password = encodeURIComponent(password)
  const asTyped = url.href
  const quoting = [password, asTyped].map((text) => `'${text.replaceAll("'", "''")}'`).join(` || ' and ' || `)
  const agent = await world.agent({
    CLIENT_SYSTEM_URL: asTyped,
    CLIENT_SYSTEM_QUERY: `select external_id, name, (${quoting} || external_id)::integer as port from meter`,
  })
  const run = await agent.settled()
  assert.equal(run.error?.code, 'source_query')
  assert.match(run.error?.message ?? '', /invalid input syntax for type integer: "…/)
  const preview = await agent.api<Problem>('/api/preview', { method: 'POST' })
  assert.equal(preview.body.code, 'source_query')
  const rows = await world.sync.query('select * from sync.run')
  const shown = JSON.stringify([agent.log, await agent.status(), preview.body, rows, await agent.api('/metrics')])
  assert.doesNotMatch(shown, /S3cret/)
})

test('F29: every configured secret is hidden in every form, and each log line stays valid JSON', () => {
  const word = fc.string({ minLength: 6, unit: 'grapheme' }).map((text) => `S3cret${text.toWellFormed()}`)
  fc.assert(
    fc.property(word, word, fc.boolean(), (one, other, inQuery) => {
      const encoded = encodeURIComponent(one)
      const url = inQuery ? `postgres://127.0.0.1/x?password=${encoded}` : `postgres://u:${encoded}@127.0.0.1/x`
      const DATABASE_URL = 'postgres://u:S3cret%20of%20mine@127.0.0.1/sync'
      const AUTH_TOKEN = 'S3cret-token-of-mine'
      const webhook = { WEBHOOK_URL: 'https://hooks.example/S3cret', WEBHOOK_SECRET: webhookSecret }
      const { secrets } = parseConfig({ DATABASE_URL, CLIENT_SYSTEM_URL: url, AUTH_TOKEN, ...webhook })
      const redact = createRedact(secrets)
      const key = webhookSecret.slice('whsec_'.length)
      for (const secret of [one, encoded, url, 'S3cret of mine', AUTH_TOKEN, key, ...Object.values(webhook)]) {
        const text = `it said "${secret}", and ${JSON.stringify({ [other.slice(6)]: secret })}`
        for (const hidden of [one, encoded, 'S3cret', key]) assert.ok(!redact(text).includes(hidden), redact(text))
        const line = redactLine(JSON.stringify({ level: 'info', count: 12, msg: text }), redact)
        assert.deepEqual({ ...JSON.parse(line), msg: '' }, { level: 'info', count: 12, msg: '' })
        assert.doesNotMatch(line, /S3cret/)
      }
    }),
  )
})

test('F29: a password that is an ordinary word or number does not hide other parts of log lines', () => {
  for (const secret of ['level', 'meter sync', '1234567', 'runId', 'true']) {
    const line = { level: 'info', runId: 'r', read: 1234567, ok: true, msg: 'done' }
    assert.deepEqual(JSON.parse(redactLine(JSON.stringify(line), createRedact([secret]))), line)
  }
})

test('F29: a secret is hidden also where a long text is cut within or around it', () => {
  const secret = 'a secret of 24 characters'
  const shown = createRedact([secret])
  const forms = [secret, 'postgres://user:hidden@host', `password='hidden words'`, 'password=hidden']
  for (const form of forms) {
    for (let before = 16_000 - form.length - 1; before <= 16_001; before++) {
      const text = shown(`${'x'.repeat(before - 1)} ${form} ${'y'.repeat(100)}`)
      assert.ok(text.length <= 16_010)
      assert.doesNotMatch(text, /a secret|a s$|hid|user:/, `${form} at ${before}: ${text.slice(-40)}`)
    }
  }
})

test('F27: no log line contains a control character, C1 or directional ones included, as JSON or on a terminal', () => {
  const hostile = `\u001b[2J\u009b31m\u0085\u007f\u202e\u2066\u200f\u2028 name\r`
  const script = `
    import { createLog } from ${JSON.stringify(new URL('../../src/lib/log.ts', import.meta.url).href)}
    const [, text, terminal] = process.argv
    const log = createLog({ level: 'info', terminal: terminal === 'true' })
    log.warn({ clientSystem: text, of: { name: text }, err: new Error(text) }, text)`
  const written = (terminal: boolean) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script, '--', hostile, String(terminal)], {
      encoding: 'utf8',
    })
  const json = written(false)
  assert.doesNotMatch(json.trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  const { msg, clientSystem, of } = JSON.parse(json)
  assert.deepEqual([msg, clientSystem, of.name], [hostile, hostile, hostile], 'a parser reads what was logged')
  const readable = stripVTControlCharacters(written(true))
  assert.doesNotMatch(readable.replaceAll(/[\n\t]/g, ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  assert.match(readable, /\\u\{9b\}31m\\u\{85\}\\u\{7f\}\\u\{202e\}/)
})
