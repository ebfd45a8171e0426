import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

/** The warnings of the run at the start. */
async function warnings({ log }: TestAgent) {
  await eventually(async () => log.some(({ msg }) => msg === 'meter sync succeeded'))
  return log.filter(({ msg }) => msg === 'an older Client System has the same meters')
}

const sameMetersAs = async ({ status }: TestAgent) => (await status()).clientSystems[0]?.sameMetersAs

test('a changed CLIENT_SYSTEM_ID is reported at every start, until it is set back', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 6)
  const first = await world.agent()
  assert.deepEqual([await warnings(first), await sameMetersAs(first)], [[], null])
  await first.stop()

  const renamed = { CLIENT_SYSTEM_ID: 'renamed' }
  const changed = await world.agent(renamed)
  const [warning, ...others] = await warnings(changed)
  assert.deepEqual([warning?.clientSystem, warning?.sameMetersAs, others], ['renamed', 'main', []])
  assert.match(String(warning?.hint), /set it back to main/)
  assert.equal((await changed.sync()).readMode, 'narrow')
  assert.equal(await sameMetersAs(changed), 'main', 'an incremental read keeps it')
  assert.match((await runCommand(['status'], world.environment(renamed))).out, /main has the same meters/)
  await changed.stop()

  const back = await world.agent()
  assert.deepEqual([await warnings(back), await sameMetersAs(back)], [[], null], 'the younger one is not the right one')
  await back.stop()

  // Another master that numbers its meters alike.
  await world.source.query(`update meter set name = 'Other ' || external_id where external_id > 2`)
  const other = await world.agent(renamed)
  assert.deepEqual([await warnings(other), await sameMetersAs(other)], [[], null])
  await other.stop()

  const empty = await world.agent({ CLIENT_SYSTEM_ID: 'empty', CLIENT_SYSTEM_QUERY: 'select * from meter where false' })
  assert.deepEqual([await warnings(empty), await sameMetersAs(empty)], [[], null])
})
