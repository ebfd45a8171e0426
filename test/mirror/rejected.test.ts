import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preview, Run } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts } from '../support/mirror.ts'
import { createWorld, eventually } from '../support/world.ts'

test('a run whose rows are all rejected is no quiet success: log, status, preview and command line say why', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 30)
  await world.source.query(`update meter set name = ' '; update meter set name = 'n', port = 0 where external_id < 10`)
  const agent = await world.agent()
  const run = await agent.settled()
  assertCounts(run, { rejected: 30 })
  const because = { reason: 'name is blank', rows: 21, example: '10' }
  const { body } = await agent.api<Run>(`/api/runs/${run.id}`)
  assert.deepEqual(body.rejectedBecause, because)
  const preview = await agent.api<Preview>('/api/preview', { method: 'POST' })
  assert.deepEqual(preview.body.rejectedBecause, because)
  const warning = await eventually(async () => agent.log.find(({ msg }) => msg === 'rows rejected'))
  assert.deepEqual(
    [warning.level, warning.rejected, warning.reason, warning.example],
    ['warn', 30, 'name is blank', '10'],
  )
  const [system] = (await agent.status()).clientSystems
  assert.deepEqual([system?.condition, system?.freshness], ['rejected', 'fresh'])

  const shown = await runCommand(['status', '--check'], world.environment())
  assert.equal(shown.code, 1)
  assert.match(shown.out, /: Rows rejected\n.*30 rows of 30 .*name is blank \(for example external id 10\)/)
  const asked = await runCommand(['sync', '--preview'], world.environment())
  assert.match(asked.out, /30 rows.*name is blank \(for example external id 10\)/)

  await world.source.query(`update meter set name = 'n', port = 1`)
  assertCounts(await agent.sync(), { inserted: 30 })
  assert.equal((await agent.status()).clientSystems[0]?.condition, 'in-sync')
  assert.equal((await runCommand(['status', '--check'], world.environment())).code, 0)
})
