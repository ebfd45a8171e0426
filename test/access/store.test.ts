import assert from 'node:assert/strict'
import { test } from 'node:test'
import { insertSession } from '../../src/access/store.ts'
import { createWorld } from '../support/world.ts'

test('a token has at most 100 sessions: the oldest ends when another begins', async (t) => {
  const { sync } = await createWorld(t)
  await sync.query(`
    insert into sync.login_session (hash, token_id, created_at, expires_at)
    select decode(lpad(to_hex(n), 64, '0'), 'hex'), null, now() - n * interval '1 minute', now() + interval '1 hour'
    from generate_series(1, 100) n`)
  const client = await sync.connect()
  await insertSession(client, { hash: 'ff'.repeat(32), tokenId: null, lifetimeSeconds: 60 })
  const [left] = await sync.query(
    `select count(*)::int as sessions, bool_or(hash = decode(lpad('64', 64, '0'), 'hex')) as oldest from sync.login_session`,
  )
  assert.deepEqual(left, { sessions: 100, oldest: false })
})
