import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialState, reduce } from '../../../web/src/data/state.ts'
import { type Access, accessAfter, accessUnanswered, isInside } from '../../../web/src/login/access.ts'
import { inSync, live, succeeded } from '../samples.ts'

const unknown: Access = { state: 'asking', failed: false }
const inSession = { required: true, loggedIn: true }
const noSession = { required: true, loggedIn: false }

test('whoever is let in is: by a session, or by an agent that wants none', () => {
  assert.ok(!isInside(unknown))
  assert.ok(isInside(accessAfter(unknown, inSession)))
  assert.ok(isInside(accessAfter(unknown, { required: false, loggedIn: false })))
  assert.deepEqual(accessAfter(unknown, noSession), { state: 'out', ended: false })
})

test('a session that was there and is not any longer has ended; asked again, it still has', () => {
  const ended = accessAfter({ state: 'in' }, noSession)
  assert.deepEqual(ended, { state: 'out', ended: true })
  assert.equal(accessAfter(ended, noSession), ended)
  assert.deepEqual(accessAfter({ state: 'open' }, noSession), { state: 'out', ended: false })
})

test('an agent that does not answer ends no session', () => {
  for (const access of [{ state: 'in' }, { state: 'open' }, { state: 'out', ended: true }] as const) {
    assert.equal(accessUnanswered(access), access)
  }
  assert.deepEqual(accessUnanswered(unknown), { state: 'asking', failed: true })
})

test('whoever leaves knows nothing any longer', () => {
  assert.equal(reduce(live(inSync(succeeded(1, 10))), { type: 'left' }), initialState)
})
