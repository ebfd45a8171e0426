import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import type { Run } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { createWorld } from '../support/world.ts'

test('the run of a command has the name of the operating system user', async (t) => {
  const world = await createWorld(t)
  await world.source.query('create table meter (external_id text, name text)')
  await (await world.agent()).settled()
  const { code, out } = await runCommand(['sync', '--json'], world.environment())
  assert.equal(code, 0)
  const { trigger, requestedBy }: Run = JSON.parse(out)
  assert.deepEqual([trigger, requestedBy], ['cli', userInfo().username])
})
