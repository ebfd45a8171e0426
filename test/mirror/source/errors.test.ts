import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectError } from '../../../src/mirror/source/connect-errors.ts'
import { sourceError } from '../../../src/mirror/source/errors.ts'

const withCode = (code: string | null, message = 'it failed') =>
  Object.assign(new Error(message), code === null ? {} : { code })

test('an error of the Client System is classified by its SQLSTATE', () => {
  const classify = (code: string | null) =>
    sourceError(withCode(code), { name: 'Main', role: 'reader', doing: 'reading' }).code
  for (const [code, expected] of [
    ['22021', 'source_data'],
    ['22P05', 'source_data'],
    ['22012', 'source_query'],
    ['42P01', 'source_query'],
    ['42501', 'source_query'],
    ['08P01', 'source_query'],
    ['54001', 'source_query'],
    ['P0001', 'source_query'],
    ['55P03', 'source_timeout'],
    ['40001', 'source_lost'],
    ['57014', 'source_lost'],
    ['XX000', 'source_lost'],
    ['08006', 'source_lost'],
    ['ECONNRESET', 'source_lost'],
    ['EPIPE', 'source_lost'],
    [null, 'source_lost'],
  ] as const) {
    assert.equal(classify(code), expected, `${code}`)
  }
})

test('a failed connection is classified by the first rule that applies', () => {
  const failure = {
    name: 'Main',
    place: 'postgres://reader@db/master',
    untrusted: false,
    passwordMissing: false,
    otherServer: null,
  }
  const classify = (code: string | null, more: Partial<typeof failure> | { otherServer: string } = {}) =>
    connectError(withCode(code), { ...failure, ...more }).code
  assert.equal(classify('28P01', { otherServer: 'an HTTP server' }), 'source_unreachable')
  assert.equal(classify(null, { passwordMissing: true }), 'source_auth')
  assert.equal(classify('28000', { untrusted: true }), 'source_auth')
  assert.equal(classify('42501'), 'source_auth')
  assert.equal(classify('3D000', { untrusted: true }), 'source_unreachable')
  assert.equal(classify('ECONNREFUSED', { untrusted: true }), 'source_unreachable')
  assert.equal(classify('EPROTO', { untrusted: true }), 'source_tls')
  assert.equal(classify('SELF_SIGNED_CERT_IN_CHAIN', { untrusted: true }), 'source_tls')
  assert.equal(classify(null, { untrusted: true }), 'source_tls')
  assert.equal(classify(null), 'source_unreachable')
})
