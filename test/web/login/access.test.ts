import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialState, reduce } from '../../../web/src/data/state.ts'
import { type Access, accessAfter, accessUnanswered, canRead, scopesOf } from '../../../web/src/login/access.ts'
import { inSync, live, succeeded } from '../samples.ts'

const unknown: Access = { state: 'checking', failed: false, refused: null }
const all = ['read', 'ingest', 'operate', 'approve'] as const
const inSession = { required: true, loggedIn: true, name: 'operator', scopes: ['read', 'operate'] } as const
const noSession = { required: true, loggedIn: false, name: null, scopes: [] }
const open = { required: false, loggedIn: false, name: null, scopes: all }
const inside: Access = { state: 'in', name: 'operator', scopes: ['read', 'operate'] }
const opened: Access = { state: 'open', scopes: all }

test('a browser can read with a session, or when the agent requires none', () => {
  assert.ok(!canRead(unknown))
  assert.ok(canRead(accessAfter(unknown, inSession)))
  assert.ok(canRead(accessAfter(unknown, open)))
  assert.deepEqual(accessAfter(unknown, noSession), { state: 'out', ended: false })
})

test('a session that no longer exists has ended, also after another check', () => {
  const ended = accessAfter(inside, noSession)
  assert.deepEqual(ended, { state: 'out', ended: true })
  assert.equal(accessAfter(ended, noSession), ended)
  assert.deepEqual(accessAfter(opened, noSession), { state: 'out', ended: false })
})

test('a login has the scopes of its token, and another token brings others', () => {
  assert.deepEqual(scopesOf(accessAfter(unknown, inSession)), ['read', 'operate'])
  assert.deepEqual(scopesOf(accessAfter(unknown, open)), all)
  assert.deepEqual(scopesOf(accessAfter(inside, noSession)), [])
  assert.equal(accessAfter(inside, inSession), inside)
  assert.deepEqual(scopesOf(accessAfter(inside, { ...inSession, scopes: ['read'] })), ['read'])
})

test('an agent that does not answer ends no session', () => {
  for (const access of [inside, opened, { state: 'out', ended: true }] as const) {
    assert.equal(accessUnanswered(access, null), access)
  }
  const refused = { message: 'Bad gateway', hint: null }
  assert.deepEqual(accessUnanswered(unknown, refused), { state: 'checking', failed: true, refused })
})

test('a logout clears the access', () => {
  assert.equal(reduce(live(inSync(succeeded(1, 10))), { type: 'login ended' }), initialState)
})
