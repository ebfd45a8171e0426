import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { addressOf, parseRoute, type RunPart } from '../../web/src/route.ts'

const parts: readonly RunPart[] = ['insert', 'update', 'delete', 'restore', 'withheld', 'rejected']

test('the address of a run, and of each of its parts, leads back to it', () => {
  const runId = randomUUID()
  for (const part of [null, ...parts]) {
    assert.deepEqual(parseRoute(addressOf(runId, part)), { runId, part })
  }
})

test('the addresses are those that people may have kept', () => {
  assert.equal(addressOf(null), '#/')
  assert.equal(addressOf('4f7c'), '#/runs/4f7c')
  assert.equal(addressOf('4f7c', 'rejected'), '#/runs/4f7c/rejected')
})

test('an address that is not known is the page itself', () => {
  const page = { runId: null, part: null }
  const unknown = ['', '#', '#/', '#/runs', '#/runs/', '#/meters/7', '#/runs/a/insert/b', '#/runs/a b', 'x#/runs/a']
  for (const hash of unknown) assert.deepEqual(parseRoute(hash), page, hash)
  assert.deepEqual(parseRoute(addressOf(null)), page)
})

test('a part that is not known is the run itself', () => {
  assert.deepEqual(parseRoute('#/runs/4f7c/everything'), { runId: '4f7c', part: null })
})
