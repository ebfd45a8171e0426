import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { guard } from '../../src/mirror/guard.ts'
import type { Change, KeptDeletions, Preview, Problem } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('F8: an approval is a ceiling for one run, which compares again and deletes at most that many', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 100)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('delete from meter where external_id > 60')
  const withheld = await agent.sync()
  assert.deepEqual([withheld.counts?.deleted, withheld.counts?.withheld], [0, 40])
  await world.source.query('delete from meter where external_id = 60')
  const tooFew = await agent.sync({ approveDeletes: 40 })
  assert.deepEqual([tooFew.counts?.deleted, tooFew.counts?.withheld], [0, 41])
  assert.equal(tooFew.approveDeletes, 40)
  await world.source.query(`insert into meter (external_id, name) values (100, 'Came back meanwhile')`)
  const enough = await agent.sync({ approveDeletes: 41 })
  assert.deepEqual([enough.counts?.deleted, enough.counts?.withheld], [40, 0])
  assert.equal(enough.approveDeletes, 41)
  const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${enough.id}/changes?operation=delete&limit=200`)
  assert.equal(body.changes.length, 40)
  await world.source.query('delete from meter where external_id > 20')
  assert.equal((await agent.sync()).counts?.withheld, 40, 'the approval was for one run')
})

test('F8: an approval with a digest deletes exactly these meters, or none when the set has changed; a set that is kept is not reported until it changes', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 100)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('create table kept as select * from meter')
  await world.source.query('delete from meter where external_id > 60')
  const { body: preview } = await agent.api<Preview>('/api/preview', { method: 'POST' })
  const withheld = await agent.sync()
  assert.match(withheld.withheldDigest ?? '', /^[0-9a-f]{16}$/)
  assert.equal(preview.withheldDigest, withheld.withheldDigest)

  // Kept for now: the same deletions stay silent, and others do not.
  const keep = (digest: string | null, note: string) =>
    agent.api<Problem & { keptDeletions: KeptDeletions }>('/api/kept-deletions', {
      method: 'POST',
      body: JSON.stringify({ digest, note }),
    })
  const standing = async () => {
    const [system] = (await agent.status()).clientSystems
    const { body } = await agent.api<string>('/metrics')
    const kept = /meter_sync_kept_deletes\{.*\} (\d+)/.exec(body)?.[1]
    return [system?.condition, system?.keptDeletions?.note ?? null, kept]
  }
  assert.equal((await keep(withheld.withheldDigest, '  ')).status, 400)
  const refused = await keep('0123456789abcdef', 'Some others')
  assert.deepEqual([refused.status, refused.body.code], [409, 'deletions_changed'])
  assert.deepEqual(await standing(), ['held-back', null, '0'])
  const { body: decided } = await keep(withheld.withheldDigest, ' They are being replaced ')
  assert.equal(decided.keptDeletions.note, 'They are being replaced')
  assert.equal((await agent.sync()).withheldDigest, withheld.withheldDigest)
  assert.deepEqual(await standing(), ['kept', 'They are being replaced', '40'])
  assert.equal((await agent.api('/api/kept-deletions', { method: 'DELETE' })).status, 204)
  assert.deepEqual(await standing(), ['held-back', null, '0'])
  await keep(withheld.withheldDigest, 'Kept again')

  // As many as before, but one of them is another meter.
  await world.source.query('insert into meter select * from kept where external_id = 61')
  await world.source.query('delete from meter where external_id = 60')
  const approval = { approveDeletes: 40, approveDigest: withheld.withheldDigest }
  const other = await agent.sync(approval)
  assert.deepEqual([other.counts?.deleted, other.counts?.withheld], [0, 40])
  assert.deepEqual(other.withheldBecause, { code: 'other_meters_approved' })
  assert.equal(other.approveDigest, withheld.withheldDigest)
  assert.notEqual(other.withheldDigest, withheld.withheldDigest)
  assert.deepEqual(await standing(), ['held-back', null, '0'])
  assert.deepEqual(await world.sync.query('select from sync.kept_deletions'), [])

  const same = await agent.sync({ ...approval, approveDigest: other.withheldDigest })
  assert.deepEqual([same.counts?.deleted, same.counts?.withheld, same.withheldDigest], [40, 0, null])
  const alone = await agent.api<Problem>('/api/sync', {
    method: 'POST',
    body: JSON.stringify({ approveDigest: other.withheldDigest }),
  })
  assert.equal(alone.status, 400)
  assert.match(alone.body.detail, /approveDigest/)
})

test('an approval must be a whole number', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  for (const approveDeletes of [-1, 1.5, '7', true]) {
    const { status, body } = await agent.api<Problem>('/api/sync', {
      method: 'POST',
      body: JSON.stringify({ approveDeletes }),
    })
    assert.equal(status, 400)
    assert.match(body.detail, /approveDeletes/)
  }
})

test('I9: an approval of N deletes every missing meter if there are at most N, and none otherwise', () => {
  const count = fc.nat(1_000)
  const found = fc.record({
    read: count,
    rejected: count,
    missing: count,
    missingId: fc.constant(0),
    activeBefore: count,
    deletedLately: count,
  })
  const limits = fc.record({ minimum: count, percent: fc.nat(100), maximum: count })
  fc.assert(
    fc.property(found, limits, count, (seen, limited, approved) => {
      const { deletions } = guard(seen, limited, approved)
      assert.equal(deletions, seen.missing <= approved ? 'apply' : 'withhold')
    }),
  )
})
