import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { guard } from '../../src/mirror/guard.ts'
import { withheldWords } from '../../src/wire/reason-words.ts'

const limits = { minimum: 10, percent: 5, maximum: 500 }
const count = fc.nat({ max: 1_000_000 })
const anyFound = fc.record({
  read: count,
  missing: count,
  rejected: fc.nat({ max: 3 }),
  missingId: fc.nat({ max: 3 }),
  activeBefore: count,
  deletedLately: fc.nat({ max: 600 }),
})
const anyLimits = fc.record({ minimum: fc.nat({ max: 2_000 }), percent: fc.nat({ max: 100 }), maximum: count })
const unchanged = { read: 1_000, rejected: 0, missing: 0, missingId: 0, activeBefore: 1_000, deletedLately: 0 }

function decide(found: Partial<typeof unchanged>, limited: Partial<typeof limits> = {}) {
  return guard({ ...unchanged, ...found }, { ...limits, ...limited }).deletions
}

test('F7: a source without any row withholds deletions, even of a single meter', () => {
  assert.equal(decide({ read: 0, missing: 1, activeBefore: 1 }), 'withhold')
  assert.equal(
    decide({ read: 0, missing: 1, activeBefore: 1 }, { minimum: 999, percent: 100, maximum: 999 }),
    'withhold',
  )
  assert.equal(decide({ read: 0, missing: 0, activeBefore: 0 }), 'apply')
})

test('F8: the guard withholds exactly above the minimum together with the percentage or the maximum', () => {
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

test('F9: a row without an external id withholds every deletion', () => {
  assert.equal(decide({ missing: 1, missingId: 1 }), 'withhold')
  assert.equal(decide({ missing: 0, missingId: 1 }), 'apply', 'nothing is missing: nothing is held back')
})

test('F8: what was deleted in the last 24 hours counts, of the meters that were there before', () => {
  assert.equal(decide({ missing: 10, deletedLately: 10, activeBefore: 390 }), 'apply', '20 of 400 are 5 %')
  assert.equal(decide({ missing: 10, deletedLately: 11, activeBefore: 389 }), 'withhold')
  assert.equal(decide({ missing: 1, deletedLately: 9, activeBefore: 10 }), 'apply', 'up to the minimum')
  assert.equal(decide({ missing: 1, deletedLately: 500, activeBefore: 1_000_000 }), 'withhold')
  assert.equal(decide({ missing: 0, deletedLately: 500, activeBefore: 1_000 }), 'apply')
})

test('F9: a source without a valid row withholds deletions, and an approval does not override a row without an id', () => {
  assert.equal(decide({ read: 1, rejected: 1, missing: 10 }), 'withhold')
  assert.equal(guard({ ...unchanged, missing: 10, missingId: 1 }, limits, 10).deletions, 'withhold')
})

test('F8, I9: the guard agrees with the documented rule', () => {
  fc.assert(
    fc.property(anyFound, anyLimits, (found, { minimum, percent, maximum }) => {
      const { read, rejected, missing, missingId, activeBefore, deletedLately } = found
      const gone = missing + deletedLately
      const tooMany = gone > minimum && (gone > ((activeBefore + deletedLately) * percent) / 100 || gone > maximum)
      const unusable = read === 0 || read === rejected
      const expected = missing > 0 && (unusable || missingId > 0 || tooMany) ? 'withhold' : 'apply'
      assert.equal(guard(found, { minimum, percent, maximum }).deletions, expected)
    }),
  )
})

test('F8: more missing, fewer read or tighter limits never turn withholding into applying', () => {
  fc.assert(
    fc.property(anyFound, anyLimits, count, fc.nat({ max: 100 }), (found, allowed, more, tighter) => {
      if (guard(found, allowed).deletions === 'apply') return
      const { read, rejected, missing, missingId, activeBefore } = found
      const worse = [
        guard({ ...found, missing: missing + more }, allowed),
        guard({ ...found, read: Math.min(read, Math.max(more, rejected)) }, allowed),
        guard({ ...found, missingId: missingId + 1 }, allowed),
        guard({ ...found, activeBefore: Math.min(activeBefore, more) }, allowed),
        guard(found, { ...allowed, minimum: Math.max(0, allowed.minimum - tighter) }),
        guard(found, { ...allowed, percent: Math.max(0, allowed.percent - tighter) }),
        guard(found, { ...allowed, maximum: Math.max(0, allowed.maximum - tighter) }),
      ]
      for (const verdict of worse) assert.equal(verdict.deletions, 'withhold')
    }),
  )
})

test('F8: a reason names the limit that was exceeded and its variable', () => {
  const reason = (found: Partial<typeof unchanged>) => {
    const verdict = guard({ ...unchanged, ...found }, limits)
    return verdict.deletions === 'withhold' ? withheldWords(verdict.reason) : ''
  }
  assert.match(reason({ missing: 51 }), /5 %.*DELETE_GUARD_PERCENT/)
  assert.match(reason({ missing: 501, activeBefore: 1_000_000 }), /500.*DELETE_GUARD_MAXIMUM/)
  assert.match(reason({ missing: 1, read: 0 }), /no meter at all/)
  assert.match(reason({ missing: 1, missingId: 2 }), /2 rows of the Client System have no external id/)
})
