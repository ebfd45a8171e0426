import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { DrizzleQueryError } from 'drizzle-orm'
import fc from 'fast-check'
import { AgentError } from '../../src/lib/errors.ts'
import { createLog } from '../../src/lib/log.ts'
import { createRedact } from '../../src/lib/redact.ts'

test('F29: no credentials of a connection string appear in the log', () => {
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

function logged(err: unknown): { type: string; message: string; code?: string; query?: string; stack?: string } {
  const lines: string[] = []
  const out = new Writable({
    write: (chunk, _, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  createLog({ level: 'error', out }).error({ err }, 'a request failed')
  return JSON.parse(lines[0] ?? '').err
}

test('a failed query is logged with the error of the server and the text of the query, without values', () => {
  const refused = Object.assign(new Error('relation "sync.run" does not exist'), { code: '42P01' })
  const { message, code, query, stack } = logged(new DrizzleQueryError('select $1', ['S3cret'], refused))
  assert.deepEqual({ message, code, query }, { message: refused.message, code: '42P01', query: 'select $1' })
  assert.match(stack ?? '', /log\.test/)
  assert.doesNotMatch(JSON.stringify({ message, query, stack }), /S3cret/)
})

test('an error from outside is logged without its stack, an error of the program with it', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
  for (const error of [
    refused,
    new DrizzleQueryError('select 1', [], refused),
    new AgentError('source_unreachable', 'Cannot connect to Client System', { cause: refused }),
  ]) {
    const { message, stack } = logged(error)
    assert.deepEqual({ message, stack }, { message: refused.message, stack: undefined })
  }
  const mistake = new TypeError('undefined is not a function')
  assert.match(logged(mistake).stack ?? '', /log\.test/)
  for (const code of ['internal', 'database_error'] as const)
    assert.match(logged(new AgentError(code, 'Failed', { cause: mistake })).stack ?? '', /log\.test/)
})
