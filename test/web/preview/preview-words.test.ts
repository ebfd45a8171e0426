import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Counts, Preview, PreviewedChange } from '../../../src/wire/types.ts'
import { announcedOf, comparedOf, glanceOf, listedOf } from '../../../web/src/preview/preview-words.ts'
import { counts } from '../samples.ts'

function preview(some: Partial<Counts>, listed = 0): Preview {
  const change: PreviewedChange = {
    meterId: 1,
    externalId: '1',
    meter: null,
    operation: 'update',
    before: {},
    after: {},
  }
  return {
    counts: counts(some),
    changes: Array.from({ length: listed }, () => change),
    withheldBecause: null,
    withheldDigest: null,
    rejectedBecause: null,
  }
}

test('the headline shows how many meters would change, and how many deletions would be held back', () => {
  const words = (some: Partial<Counts>) => glanceOf(preview(some)).words
  assert.equal(words({ unchanged: 9, rejected: 1 }), 'Nothing would change')
  assert.equal(words({ inserted: 1 }), '1 meter would change')
  assert.equal(words({ inserted: 1000, updated: 200, deleted: 34 }), '1,234 meters would change')
  assert.equal(words({ withheld: 40 }), '40 deletions would be held back')
  assert.equal(words({ updated: 2, withheld: 1 }), '2 meters would change')
  assert.equal(glanceOf(preview({ updated: 2, withheld: 1 })).tone, 'attention')
})

test('a truncated list is marked as truncated', () => {
  assert.equal(listedOf(preview({ updated: 1 }, 1)), '1')
  assert.equal(listedOf(preview({ updated: 60, withheld: 40 }, 100)), '100')
  assert.equal(listedOf(preview({ updated: 1194, withheld: 40 }, 100)), 'the first 100 of 1,234, by external id')
})

test('the sentence on what was compared names rejected rows only when there are some', () => {
  assert.equal(comparedOf(counts({ read: 1000, unchanged: 999 })), '1,000 rows read, 999 unchanged.')
  assert.equal(comparedOf(counts({ read: 1, rejected: 1 })), '1 row read, 0 unchanged, 1 would be rejected.')
})

test('the announcement has the counts, or that no meter would change', () => {
  assert.equal(announcedOf(preview({})), 'Preview: nothing would change.')
  assert.equal(
    announcedOf(preview({ inserted: 1, updated: 2, deleted: 3 })),
    'Preview: 6 meters would change, 1 to insert, 2 to update, 3 to delete.',
  )
  assert.equal(
    announcedOf(preview({ updated: 1, withheld: 40 })),
    'Preview: 1 meter would change, 0 to insert, 1 to update, 0 to delete, 40 deletions would be held back.',
  )
  assert.equal(announcedOf(preview({ withheld: 40 })), 'Preview: 40 deletions would be held back.')
})
