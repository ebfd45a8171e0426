import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { guard } from '../../src/sync/guard.ts'

const limits = { minimum: 10, percent: 5, maximum: 500 }
const count = fc.nat({ max: 1_000_000 })
const anyFound = fc.record({ read: count, missing: count, nameless: fc.nat({ max: 3 }), activeBefore: count })
const anyLimits = fc.record({ minimum: fc.nat({ max: 2_000 }), percent: fc.nat({ max: 100 }), maximum: count })
const calm = { read: 1_000, missing: 0, nameless: 0, activeBefore: 1_000 }

function decide(found: Partial<typeof calm>, limited: Partial<typeof limits> = {}) {
  return guard({ ...calm, ...found }, { ...limits, ...limited }).deletions
}

test('Fault 7 a source without any row withholds, however few meters there are', () => {
  assert.equal(decide({ read: 0, missing: 1, activeBefore: 1 }), 'withhold')
  assert.equal(
    decide({ read: 0, missing: 1, activeBefore: 1 }, { minimum: 999, percent: 100, maximum: 999 }),
    'withhold',
  )
  assert.equal(decide({ read: 0, missing: 0, activeBefore: 0 }), 'apply')
})

test('Fault 8 the guard turns exactly beyond the minimum and beyond the percentage or the maximum', () => {
  assert.equal(decide({ missing: 10, activeBefore: 10 }), 'apply', 'up to the minimum, whatever the percentage')
  assert.equal(decide({ missing: 11, activeBefore: 11 }), 'withhold')
  assert.equal(decide({ missing: 50, activeBefore: 1_000 }), 'apply', '5 % are allowed')
  assert.equal(decide({ missing: 51, activeBefore: 1_000 }), 'withhold')
  assert.equal(decide({ missing: 51, activeBefore: 1_020 }), 'apply')
  assert.equal(decide({ missing: 500, activeBefore: 1_000_000 }), 'apply')
  assert.equal(
    decide({ missing: 501, activeBefore: 1_000_000 }),
    'withhold',
    'beyond the maximum, whatever the percentage',
  )
  assert.equal(decide({ missing: 5, activeBefore: 1_000_000 }, { minimum: 10, maximum: 0 }), 'apply')
  assert.equal(decide({ missing: 1, activeBefore: 1_000 }, { minimum: 0, percent: 0 }), 'withhold')
  assert.equal(decide({ missing: 1_000, activeBefore: 1_000 }, { percent: 100, maximum: 1_000 }), 'apply')
  assert.equal(decide({ missing: 11, activeBefore: 0 }), 'withhold', 'more meters are gone than were active')
})

test('Fault 9 a row without an external id withholds every deletion', () => {
  assert.equal(decide({ missing: 1, nameless: 1 }), 'withhold')
  assert.equal(decide({ missing: 0, nameless: 1 }), 'apply', 'nothing is missing: nothing is held back')
})

test('Fault 8 the guard agrees with the sentence of the contract', () => {
  fc.assert(
    fc.property(anyFound, anyLimits, (found, { minimum, percent, maximum }) => {
      const { read, missing, nameless, activeBefore } = found
      const tooMany = missing > minimum && (missing > (activeBefore * percent) / 100 || missing > maximum)
      const expected = missing > 0 && (read === 0 || nameless > 0 || tooMany) ? 'withhold' : 'apply'
      assert.equal(guard(found, { minimum, percent, maximum }).deletions, expected)
    }),
  )
})

test('Fault 8 more missing, fewer read or tighter limits never turn withholding into applying', () => {
  fc.assert(
    fc.property(anyFound, anyLimits, count, fc.nat({ max: 100 }), (found, allowed, more, tighter) => {
      if (guard(found, allowed).deletions === 'apply') return
      const { read, missing, nameless, activeBefore } = found
      const worse = [
        guard({ ...found, missing: missing + more }, allowed),
        guard({ ...found, read: Math.min(read, more) }, allowed),
        guard({ ...found, nameless: nameless + 1 }, allowed),
        guard({ ...found, activeBefore: Math.min(activeBefore, more) }, allowed),
        guard(found, { ...allowed, minimum: Math.max(0, allowed.minimum - tighter) }),
        guard(found, { ...allowed, percent: Math.max(0, allowed.percent - tighter) }),
        guard(found, { ...allowed, maximum: Math.max(0, allowed.maximum - tighter) }),
      ]
      for (const verdict of worse) assert.equal(verdict.deletions, 'withhold')
    }),
  )
})

test('Fault 8 a reason names what withheld and the variable that would let it pass', () => {
  const reason = (found: Partial<typeof calm>) => {
    const verdict = guard({ ...calm, ...found }, limits)
    return verdict.deletions === 'withhold' ? verdict.reason : ''
  }
  assert.match(reason({ missing: 51 }), /5 %.*DELETE_GUARD_PERCENT/)
  assert.match(reason({ missing: 501, activeBefore: 1_000_000 }), /500.*DELETE_GUARD_MAXIMUM/)
  assert.match(reason({ missing: 1, read: 0 }), /no meter at all/)
  assert.match(reason({ missing: 1, nameless: 2 }), /2 rows of the Client System have no external id/)
})
