import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../../../src/wire/types.ts'
import { type History, mergePage, noHistory, patchHistory } from '../../../web/src/data/run-list.ts'
import { idsOf, queued, running, succeeded } from '../samples.ts'

/** The runs of these numbers, all ended; the same each time. */
const runs = (...numbers: number[]): Run[] => numbers.map((number) => succeeded(number, number * 10))
const ids = (...numbers: number[]) => numbers.map((number) => `run-${number}`)

/** A history that was read up to run 5, the next page of which begins at `five`. */
const read: History = mergePage(noHistory, runs(8, 7, 6, 5), 'five', null)

describe('a page', () => {
  test('that is the first makes the history ready, newest first', () => {
    assert.deepEqual(read, { runs: runs(8, 7, 6, 5), next: 'five', state: 'ready' })
    assert.deepEqual(mergePage(noHistory, [], null, null), { runs: [], next: null, state: 'ready' })
  })

  test('that is older is appended, without duplicates', () => {
    const more = mergePage(read, runs(6, 5, 4, 3), 'three', 'five')
    assert.deepEqual(idsOf(more), ids(8, 7, 6, 5, 4, 3))
    assert.equal(more.next, 'three')
    assert.equal(mergePage(more, runs(2), null, 'three').next, null)
  })

  test('that is the first, read again, keeps the older runs and their cursor', () => {
    const more = mergePage(read, runs(4, 3), 'three', 'five')
    const again = mergePage(more, runs(9, 8, 7, 6), 'six', null)
    assert.deepEqual(idsOf(again), ids(9, 8, 7, 6, 5, 4, 3))
    assert.equal(again.next, 'three')
  })

  test('that is the first and overlaps no known run replaces the list, because the gap is unknown', () => {
    assert.deepEqual(mergePage(read, runs(20, 19, 18, 17), 'seventeen', null), {
      runs: runs(20, 19, 18, 17),
      next: 'seventeen',
      state: 'ready',
    })
  })

  test('that is older and arrives after the list was reset is dropped', () => {
    const anew = mergePage(read, runs(20, 19, 18, 17), 'seventeen', null)
    assert.equal(mergePage(anew, runs(4, 3), 'three', 'five'), anew)
    const more = mergePage(read, runs(4, 3), 'three', 'five')
    assert.equal(mergePage(more, runs(4, 3), 'three', 'five'), more)
  })

  test('does not remove a run that began after the page was read', () => {
    const begun = patchHistory(read, queued(9, 95))
    assert.deepEqual(idsOf(mergePage(begun, runs(8, 7, 6, 5), 'five', null)), ids(9, 8, 7, 6, 5))
    assert.deepEqual(idsOf(mergePage(patchHistory(noHistory, queued(1, 5)), [], null, null)), ids(1))
  })

  test('does not restore an older state of a run', () => {
    const patched = patchHistory(read, succeeded(8, 85))
    for (const after of [
      mergePage(patched, [running(8, 79), ...runs(7, 6, 5)], 'five', null),
      mergePage(patched, [running(8, 79), ...runs(4)], 'four', 'five'),
    ]) {
      assert.deepEqual(after.runs[0], succeeded(8, 85))
    }
  })

  test('removes runs that are no longer kept', () => {
    const all = mergePage(noHistory, runs(3, 2, 1), null, null)
    assert.deepEqual(idsOf(mergePage(all, runs(3, 2), null, null)), ids(3, 2))
  })

  test('that was read clears an earlier error', () => {
    assert.equal(mergePage({ ...noHistory, state: 'failed' }, runs(1), null, null).state, 'ready')
  })
})

describe('a run that arrives', () => {
  test('is first when it is new', () => {
    assert.deepEqual(idsOf(patchHistory(read, queued(9, 95))), ids(9, 8, 7, 6, 5))
  })

  test('replaces only its own older state', () => {
    const begun = patchHistory(read, running(9, 95))
    const ended = patchHistory(begun, succeeded(9, 96))
    assert.deepEqual(ended.runs, [succeeded(9, 96), ...runs(8, 7, 6, 5)])
    assert.equal(patchHistory(ended, running(9, 95)), ended)
    assert.equal(patchHistory(ended, succeeded(9, 96)), ended)
  })

  test('is sorted into its place when it is late', () => {
    const gap = mergePage(noHistory, runs(8, 6), 'six', null)
    assert.deepEqual(idsOf(patchHistory(gap, succeeded(7, 70))), ids(8, 7, 6))
  })

  test('is ignored when it is older than the pages that were read', () => {
    assert.equal(patchHistory(read, succeeded(2, 20)), read)
    const all = mergePage(noHistory, runs(8, 7), null, null)
    assert.deepEqual(idsOf(patchHistory(all, succeeded(2, 20))), ids(8, 7, 2))
  })
})

/** The API's answer: `limit` runs before the cursor, which is the number of the run that the page before ended with. */
function pageOf(kept: readonly Run[], before: string | null, limit: number): { page: Run[]; next: string | null } {
  const older = kept.filter((run) => before === null || Number(run.id.slice(4)) < Number(before))
  const page = older.slice(0, limit)
  return { page, next: older.length > limit ? (page.at(-1)?.id.slice(4) ?? null) : null }
}

test('after any events between the pages the list has no duplicates, no gaps and the newest run first', () => {
  const steps = fc.array(fc.constantFrom('begin', 'first page', 'next page', 'reconnect after ten runs'), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (happenings, limit) => {
      let kept = runs(6, 5, 4, 3, 2, 1)
      const read = (history: History, before: string | null) => {
        const { page, next } = pageOf(kept, before, limit)
        return mergePage(history, page, next, before)
      }
      const begin = () => {
        const number = kept.length + 1
        const begun = succeeded(number, number * 10)
        kept = [begun, ...kept]
        return begun
      }
      let history = read(noHistory, null)
      for (const step of happenings) {
        if (step === 'begin') history = patchHistory(history, begin())
        if (step === 'first page') history = read(history, null)
        if (step === 'next page' && history.next !== null) history = read(history, history.next)
        if (step === 'reconnect after ten runs') {
          for (let i = 0; i < 10; i++) begin()
          history = read(history, null)
        }
        assert.deepEqual(history.runs, kept.slice(0, history.runs.length))
        assert.equal(history.next === null, history.runs.length === kept.length)
      }
    }),
  )
})
