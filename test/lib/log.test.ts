import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedact } from '../../src/lib/log.ts'

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
