import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { openPool } from '../src/db/connect.ts'
import { readSnapshot } from '../src/db/status.ts'
import { createWorld } from './support/world.ts'

test('Fault 12: a connection that breaks as the state is read goes back to its pool', async (t) => {
  const world = await createWorld(t)
  const target = { url: world.sync.url, tls: false } as const
  const pool = openPool(target, { application: 'test', max: 1, log: pino({ level: 'silent' }) })
  t.after(() => pool.end())
  for (let restart = 0; restart < 3; restart++) {
    const client = await pool.connect()
    const { stream } = Reflect.get(client, 'connection')
    client.release()
    // Its end is not known yet when it is lent again.
    stream.destroy()
    await assert.rejects(readSnapshot(pool, ['main']))
    assert.equal(pool.totalCount, 0)
  }
  assert.equal((await readSnapshot(pool, ['main'])).revision, 0)
})
