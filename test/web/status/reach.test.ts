import assert from 'node:assert/strict'
import { test } from 'node:test'
import { phases } from '../../../src/wire/lists.ts'
import type { Progress } from '../../../src/wire/types.ts'
import { reachOf } from '../../../web/src/status/reach.ts'
import { phaseWords } from '../../../web/src/ui/words.ts'
import { progressOf, queued, running } from '../samples.ts'

const run = running(1, 10)
const reach = (some: Partial<Progress>) => reachOf(run, progressOf(run, 100, some))

test('each step of the reading has its words, and counts what it reads', () => {
  assert.deepEqual(reach({ step: 'digests' }), {
    phase: 'reading',
    words: 'Comparing digests',
    amount: '100 of about 1,000 parts · 5.0 kB',
    share: { done: 100, of: 1000 },
  })
  assert.equal(reach({ step: 'rows' }).words, 'Finding what differs')
  assert.equal(reach({ step: 'meters' }).words, 'Reading meters')
  assert.equal(reach({ step: 'meters' }).amount, '100 of about 1,000 rows · 5.0 kB')
})

test('an unknown share is not shown: without an estimate, or once it is exceeded', () => {
  assert.equal(reach({ rowsExpected: null }).share, null)
  assert.equal(reach({ rowsExpected: null }).amount, '100 rows · 5.0 kB')
  assert.equal(reach({ rowsExpected: 99 }).share, null)
  assert.equal(reach({ rowsExpected: 0, rowsRead: 0 }).share, null)
  assert.equal(reach({ rowsExpected: null, rowsRead: 0, bytesRead: 0 }).amount, null)
})

test('no share is shown after the reading, because a full bar would mean that the run has ended', () => {
  for (const phase of phases.filter((phase) => phase !== 'reading')) {
    const { share, amount, words } = reachOf({ ...run, phase }, progressOf(run, 1000, { phase, step: null }))
    assert.deepEqual({ share, amount, words }, { share: null, amount: null, words: phaseWords[phase].doing })
  }
})

test('the phase is the later one of the run and its progress', () => {
  const at = (phase: Progress['phase']) => progressOf(run, 100, { phase, step: phase === 'reading' ? 'meters' : null })
  assert.equal(reachOf({ ...run, phase: 'connecting' }, at('reading')).words, 'Reading meters')
  assert.equal(reachOf({ ...run, phase: 'comparing' }, at('reading')).phase, 'comparing')
  assert.equal(reachOf({ ...run, phase: 'applying' }, at('proving')).phase, 'proving')
  assert.equal(reachOf({ ...run, phase: 'reading' }, at('connecting')).words, 'Reading from the Client System')
  assert.deepEqual(reachOf(queued(1, 10), null), { phase: null, words: 'In the queue', amount: null, share: null })
})
