import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../../src/lib/errors.ts'
import { createRedact } from '../../src/lib/redact.ts'
import { failureOf } from '../../src/mirror/failure.ts'

const notAborted = new AbortController().signal
const withCode = (code: string) => Object.assign(new Error('it failed'), { code })
const codeOf = (thrown: unknown) => failureOf(thrown, notAborted, createRedact()).error.code

test('the error of a run is classified by its SQLSTATE, never by its text', () => {
  assert.equal(codeOf(withCode('53100')), 'disk_full')
  assert.equal(codeOf(withCode('55P03')), 'database_busy')
  assert.equal(codeOf(withCode('40P01')), 'database_busy')
  assert.equal(codeOf(withCode('22021')), 'source_data')
  assert.equal(codeOf(withCode('57P01')), 'database_error')
  assert.equal(codeOf(withCode('ECONNRESET')), 'database_error')
  assert.equal(codeOf(new Error('Connection terminated unexpectedly')), 'database_error')
  assert.equal(codeOf(new TypeError('x is not a function')), 'internal')
  assert.equal(codeOf('thrown as text'), 'internal')
  assert.equal(codeOf(new AgentError('source_query', 'the query')), 'source_query')
})

test('every failure has a hint, and is failed, interrupted or cancelled by its code', () => {
  for (const code of ['53100', '55P03', '22021', 'XX000'])
    assert.ok(failureOf(withCode(code), notAborted, createRedact()).error.hint)
  const hintOf = (code: string) => failureOf(withCode(code), notAborted, createRedact()).error.hint ?? ''
  assert.match(hintOf('42501'), /grants\.sql/)
  assert.match(hintOf('53300'), /connection limit/)
  for (const [code, status] of [
    ['shutting_down', 'interrupted'],
    ['lease_lost', 'interrupted'],
    ['worker_lost', 'interrupted'],
    ['cancelled', 'cancelled'],
    ['timeout', 'failed'],
  ] as const)
    assert.equal(failureOf(new AgentError(code, 'ended'), notAborted, createRedact()).status, status)
})

test('an error that follows the abort of a run is reported as the reason of the abort', () => {
  const controller = new AbortController()
  controller.abort(new AgentError('timeout', 'The run took longer than 1 s', { hint: 'Look' }))
  const thrown = withCode('57014')
  const { error, cause } = failureOf(thrown, controller.signal, createRedact())
  assert.deepEqual(error, { code: 'timeout', message: 'The run took longer than 1 s', hint: 'Look' })
  assert.equal(cause, thrown)
})
