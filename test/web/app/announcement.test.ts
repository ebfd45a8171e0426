import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../../../src/wire/types.ts'
import { announcementOf, lossOf, returnOf } from '../../../web/src/app/announcement.ts'
import { type Action, initialState, reduce, type State } from '../../../web/src/data/state.ts'
import {
  cancelled,
  clientSystem,
  counts,
  failed,
  inSync,
  interrupted,
  live,
  noon,
  progressOf,
  queued,
  receiveRuns,
  running,
  statusOf,
  succeeded,
} from '../samples.ts'

const start = live(inSync(succeeded(1, 10)))

/** Returns the announcements while the page receives these actions, one after the other. */
function announce(from: State, actions: readonly Action[]): string[] {
  const sentences: string[] = []
  actions.reduce((before, action) => {
    const after = reduce(before, action)
    const sentence = announcementOf(before, after)
    if (sentence !== null) sentences.push(sentence)
    return after
  }, from)
  return sentences
}

const receive = (...runs: Run[]): Action[] => runs.map((run) => ({ type: 'run', run, at: noon }))

/** Returns the announcements while the page receives these runs. */
const announceRuns = (...runs: Run[]) => announce(start, receive(...runs))

describe('announced to screen readers:', () => {
  test('that the connection was lost and why, and the status once it is restored', () => {
    assert.equal(lossOf({ refused: null }), 'The connection to the agent is lost. The status is unknown.')
    const refused = { message: 'The Sync database does not answer', hint: null }
    assert.equal(lossOf({ refused }), 'The Sync database does not answer. The status is unknown.')
    assert.equal(returnOf(start, noon), 'The status is known again. In sync.')
    const two = live(clientSystem({ id: 'a', name: 'North' }), clientSystem({ id: 'b', name: 'South' }))
    assert.equal(returnOf(two, noon), 'The status is known again. North: Not synced yet. South: Not synced yet.')
  })

  test('R5.10: the start and the end of a run, the end with its counts', () => {
    const end = succeeded(2, 23, { counts: counts({ read: 9, inserted: 3, updated: 5, deleted: 1 }) })
    assert.deepEqual(announceRuns(queued(2, 20), running(2, 21), end), [
      'Sync started.',
      'Sync finished: 3 inserted, 5 updated, 1 deleted.',
    ])
  })

  test('R5.10: the error of a failed run, without counts', () => {
    assert.deepEqual(announceRuns(running(2, 20), failed(2, 21)), [
      'Sync started.',
      'Sync failed: Cannot connect to the Client System',
    ])
    assert.deepEqual(announceRuns(interrupted(2, 21)), ['Sync failed: Cannot connect to the Client System'])
    assert.deepEqual(announceRuns(failed(2, 21, { error: null })), ['Sync failed: no reason was given'])
  })

  test('that a run was cancelled', () => {
    assert.deepEqual(announceRuns(cancelled(2, 21)), ['Sync cancelled, nothing was changed.'])
  })

  test('what the counts leave out: deletions held back, rows rejected', () => {
    const end = (some: Parameters<typeof counts>[0]) => succeeded(2, 21, { counts: counts(some) })
    assert.deepEqual(announceRuns(end({ inserted: 1_200, withheld: 1, rejected: 2_000 })), [
      'Sync finished: 1,200 inserted, 0 updated, 0 deleted, 1 deletion held back, 2,000 rows rejected.',
    ])
    assert.deepEqual(announceRuns(end({ withheld: 12, rejected: 1 })), [
      'Sync finished: 0 inserted, 0 updated, 0 deleted, 12 deletions held back, 1 row rejected.',
    ])
  })

  test('which Client System it is, where there are several', () => {
    const two = live(clientSystem({ id: 'a', name: 'North' }), clientSystem({ id: 'b', name: 'South' }))
    const of = (clientSystemId: string, run: Run): Run => ({ ...run, clientSystemId })
    assert.equal(announcementOf(two, receiveRuns(two, of('b', queued(1, 5)))), 'South: Sync started.')
    const both = receiveRuns(two, of('b', queued(1, 5)), of('a', cancelled(2, 7)), of('b', cancelled(3, 9)))
    assert.equal(
      announcementOf(two, both),
      'North: Sync cancelled, nothing was changed. South: Sync cancelled, nothing was changed.',
    )
  })

  test('the result of a run that ended while the connection was lost', () => {
    const status = statusOf(inSync(succeeded(2, 22)))
    assert.deepEqual(
      announce(receiveRuns(start, running(2, 20)), [
        { type: 'lost' },
        { type: 'status', status, at: noon, from: 'stream' },
      ]),
      ['Sync finished: 0 inserted, 0 updated, 0 deleted.'],
    )
  })
})

describe('not announced:', () => {
  test('the first status', () => {
    const first = live(clientSystem({ ...inSync(succeeded(1, 10)), activeRun: running(2, 20) }))
    assert.equal(announcementOf(initialState, first), null)
  })

  test('progress, phases and the state of the connection', () => {
    const active = running(2, 20)
    assert.deepEqual(
      announce(receiveRuns(start, active), [
        { type: 'progress', progress: progressOf(active), at: noon },
        ...receive(running(2, 21, { phase: 'applying' })),
        { type: 'progress', progress: progressOf(active, 900), at: noon },
        { type: 'lost' },
        { type: 'history', clientSystemId: 'main', runs: [succeeded(1, 10)], next: null, before: null },
      ]),
      [],
    )
  })

  test('a second time: repeated events, a late answer to the trigger, and the statuses between them', () => {
    const end = succeeded(2, 22, { counts: counts({ inserted: 2 }) })
    const status = (before: Run, active: Run | null): Action => ({
      type: 'status',
      status: statusOf({ ...inSync(before), activeRun: active }),
      at: noon,
      from: 'stream',
    })
    const sentences = announce(start, [
      ...receive(queued(2, 20)),
      status(succeeded(1, 10), null), // read before the trigger
      ...receive(queued(2, 20), running(2, 21), queued(2, 20)),
      status(succeeded(1, 10), running(2, 21)),
      ...receive(end, running(2, 21), end),
      status(end, null),
      status(end, null),
    ])
    assert.deepEqual(sentences, ['Sync started.', 'Sync finished: 2 inserted, 0 updated, 0 deleted.'])
  })

  test('the same end of a run again, in any order of events', () => {
    const events = [queued(2, 20), running(2, 21), succeeded(2, 22), queued(3, 30), failed(3, 33)]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 20 }), (runs) => {
        const ends = announceRuns(...runs).filter((sentence) => sentence !== 'Sync started.')
        assert.equal(new Set(ends).size, ends.length)
      }),
    )
  })
})
