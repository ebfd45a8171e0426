import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { collectionStates, meterSorts, triggers } from '../../../src/wire/lists.ts'
import {
  addressOf,
  collectionAddress,
  latestReadings,
  meterAddress,
  meterStates,
  noMeterFilter,
  noRunFilter,
  outcomes,
  parseRoute,
  parts,
  previewAddress,
  readingSpans,
} from '../../../web/src/routing/route.ts'

const status = { view: 'status', runId: null, part: null, filter: noRunFilter }

test('the address of a run, and of each of its parts, leads back to it', () => {
  const runId = randomUUID()
  for (const part of [null, ...parts]) {
    assert.deepEqual(parseRoute(addressOf(runId, part)), { ...status, runId, part })
  }
})

test('bookmarked addresses stay valid', () => {
  assert.equal(addressOf(null), '#/')
  assert.equal(addressOf('4f7c'), '#/runs/4f7c')
  assert.equal(addressOf('4f7c', 'rejected'), '#/runs/4f7c/rejected')
  assert.equal(
    addressOf(null, null, { ...noRunFilter, outcome: 'failed', trigger: 'schedule' }),
    '#/?outcome=failed&trigger=schedule',
  )
  assert.equal(meterAddress(null), '#/meters')
  assert.equal(meterAddress(7), '#/meters/7')
  assert.equal(meterAddress(7, { ...noMeterFilter, q: 'a b', state: 'active' }), '#/meters/7?q=a+b&state=active')
})

test('the address of the collection leads back to it', () => {
  assert.equal(collectionAddress(null), '#/collection')
  for (const clientSystemId of [null, 'north'])
    assert.deepEqual(parseRoute(collectionAddress(clientSystemId)), { view: 'collection', clientSystemId })
})

test('a filter of the history comes back from its address, beside a run or without one', () => {
  for (const outcome of [null, ...outcomes]) {
    for (const trigger of [null, ...triggers]) {
      for (const runId of [null, '4f7c']) {
        const filter = { outcome, trigger, day: runId === null ? '2026-02-28' : null }
        assert.deepEqual(parseRoute(addressOf(runId, null, filter)), { ...status, runId, filter })
      }
    }
  }
})

test('a search for any text comes back from its address', () => {
  for (const q of ['', 'ä & b=c?d#e/%', '"<b>', '  ', '7']) {
    for (const state of meterStates) {
      const filter = { ...noMeterFilter, q, state, clientSystemId: q === '7' ? 'north' : null }
      const route = { view: 'meters', meterId: '7', filter, readings: latestReadings }
      assert.deepEqual(parseRoute(meterAddress('7', filter)), route)
    }
  }
})

test('every choice of the list of meters comes back from its address, and a meter without a kind is a choice', () => {
  for (const collection of [null, ...collectionStates]) {
    for (const sort of meterSorts) {
      for (const kind of [null, '', 'a & b']) {
        const filter = { ...noMeterFilter, collection, sort, order: 'desc', kind, location: kind } as const
        const route = { view: 'meters', meterId: null, filter, readings: latestReadings }
        assert.deepEqual(parseRoute(meterAddress(null, filter)), route)
      }
    }
  }
  const unknown = parseRoute('#/meters?sort=color&order=up&collection=gone')
  assert.deepEqual(unknown, { view: 'meters', meterId: null, filter: noMeterFilter, readings: latestReadings })
})

test('the days and the quantity of readings come back from the address of their meter', () => {
  for (const span of [null, ...readingSpans]) {
    for (const quantity of [null, 'energy & more']) {
      const readings = { day: '2026-02-28', span, quantity }
      const route = { view: 'meters', meterId: '7', filter: noMeterFilter, readings }
      assert.deepEqual(parseRoute(meterAddress(7, noMeterFilter, readings)), route)
    }
  }
  const unknown = parseRoute('#/meters/7?day=2026-02-30&span=year')
  assert.deepEqual(unknown, { view: 'meters', meterId: '7', filter: noMeterFilter, readings: latestReadings })
})

test('an unknown address shows the status view', () => {
  const unknown = ['', '#', '#/', '#/runs', '#/runs/', '#/meters/x', '#/meter', '#/runs/a/insert/b', '#/runs/a b']
  for (const hash of [...unknown, 'x#/runs/a', '#/?outcome=all&trigger=me', '#/?day=2026-02-30', '#/?day=today'])
    assert.deepEqual(parseRoute(hash), status, hash)
  assert.deepEqual(parseRoute(addressOf(null)), status)
})

test('an unknown part of a run shows the run itself', () => {
  assert.deepEqual(parseRoute('#/runs/4f7c/everything'), { ...status, runId: '4f7c' })
})

test('the preview has an address, of one Client System or of the first', () => {
  assert.equal(previewAddress(null), '#/preview')
  for (const clientSystemId of [null, 'north-2']) {
    assert.deepEqual(parseRoute(previewAddress(clientSystemId)), { view: 'preview', clientSystemId })
  }
})
