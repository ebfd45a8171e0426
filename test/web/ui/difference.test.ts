import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Difference, differencesOf, valuesOf } from '../../../web/src/ui/difference.ts'

/** "column: old → new", ∅ for no value. */
const textsOf = (differences: readonly Difference[]) =>
  differences.map(({ column, before, after }) => `${column}: ${before ?? '∅'} → ${after ?? '∅'}`)

test('each changed column shows old → new under its label', () => {
  const before = { name: 'Boiler', ipAddress: '10.0.0.1', active: true, port: null }
  const after = { name: 'Boiler 2', ipAddress: null, active: false, port: 502 }
  assert.deepEqual(textsOf(differencesOf(before, after)), [
    'name: Boiler → Boiler 2',
    'ip address: 10.0.0.1 → ∅',
    'active: true → false',
    'port: ∅ → 502',
  ])
  assert.deepEqual(textsOf(differencesOf({ serial_number: 'A' }, { serial_number: '' })), ['serial number: A → '])
})

test('only attributes that changed are listed, under their own names', () => {
  const before = { attributes: { firmwareVersion: '1.0', site_id: 4, tags: ['a'], limits: { low: 1, high: 2 } } }
  const after = { attributes: { firmwareVersion: '1.1', site_id: 4, tags: ['a'], limits: { low: 1, high: 3 } } }
  assert.deepEqual(textsOf(differencesOf(before, after)), [
    'firmwareVersion: 1.0 → 1.1',
    'limits: {"low":1,"high":2} → {"low":1,"high":3}',
  ])
})

test('an added or removed attribute has one side only', () => {
  assert.deepEqual(textsOf(differencesOf({ attributes: { a: 1 } }, { attributes: { b: 'x' } })), [
    'a: 1 → ∅',
    'b: ∅ → x',
  ])
  assert.deepEqual(textsOf(differencesOf({ attributes: {} }, { attributes: { a: 0 } })), ['a: ∅ → 0'])
})

test('null differs from no value where that is the difference', () => {
  assert.deepEqual(textsOf(differencesOf({ attributes: {} }, { attributes: { note: null } })), ['note: ∅ → null'])
  assert.deepEqual(textsOf(differencesOf({ attributes: { note: null } }, { attributes: {} })), ['note: null → ∅'])
  assert.deepEqual(textsOf(differencesOf({ attributes: { note: null } }, { attributes: { note: 'x' } })), [
    'note: ∅ → x',
  ])
})

test('a number differs from the same digits as text', () => {
  assert.deepEqual(textsOf(differencesOf({ attributes: { a: 5 } }, { attributes: { a: '5' } })), ['a: 5 → "5"'])
})

test('an attribute may have the name of a property of Object.prototype', () => {
  assert.deepEqual(differencesOf({ attributes: {} }, { attributes: { constructor: 'Elster' } }), [
    { column: 'constructor', before: null, after: 'Elster' },
  ])
})

test('an insert, a delete and a deletion held back have no differences', () => {
  assert.deepEqual(differencesOf(null, null), [])
})

test('attributes that are not an object are compared as one column', () => {
  assert.deepEqual(textsOf(differencesOf({ attributes: null }, { attributes: [1] })), ['attributes: ∅ → [1]'])
  assert.deepEqual(textsOf(differencesOf({ attributes: null }, { attributes: { a: 1 } })), ['a: ∅ → 1'])
})

test('an attribute is listed exactly when its value differs, and its two sides never look the same', () => {
  const attributes = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 5 })
  const sides = fc.tuple(attributes, attributes).map(([before, some]) => ({ before, after: { ...before, ...some } }))
  fc.assert(
    fc.property(sides, ({ before, after }) => {
      const differences = differencesOf({ attributes: before }, { attributes: after })
      const changed = Object.keys(after).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      assert.deepEqual(differences.map(({ column }) => column).toSorted(), changed.toSorted())
      for (const { before: old, after: now } of differences) assert.notEqual(old, now)
    }),
  )
})

test('the values of a new meter are listed: the name first, the attributes last, and no missing value', () => {
  const meter = { kind: null, name: 'Boiler', port: 502, serialNumber: '', attributes: { unit: 'own', firmware: null } }
  assert.deepEqual(valuesOf(meter), [
    { column: 'name', value: 'Boiler' },
    { column: 'port', value: '502' },
    { column: 'serial number', value: '' },
    { column: 'unit', value: 'own' },
  ])
  assert.deepEqual(valuesOf({}), [])
})
