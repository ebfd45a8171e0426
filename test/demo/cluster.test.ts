import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRoot } from '../../src/demo/account.ts'
import { startDemonstration } from '../../src/demo/demonstration.ts'
import { PostgresUnavailable } from '../../src/demo/postgres-error.ts'
import { processExists } from '../../src/demo/process-exists.ts'
import { seededRandom } from '../../src/demo/random.ts'
import { reachableDirectory } from '../../src/demo/reachable.ts'
import { simulateChanges } from '../../src/demo/simulation.ts'
import {
  createDirectory,
  openClientSystem,
  readDemonstrationMeters,
  removeAtExit,
  serverPid,
  silentLog,
  startTestDemonstration,
} from '../support/demonstration.ts'
import { eventually } from '../support/world.ts'

test('a start after a stop keeps the data, and a stop leaves no process', async (t) => {
  const directory = join(createDirectory(), 'data')
  const first = await startTestDemonstration(t, directory)
  const pool = openClientSystem(t, first, directory)
  await simulateChanges(pool, seededRandom(4))
  const meters = await readDemonstrationMeters(first)
  const pid = serverPid(directory)
  assert.ok(processExists(pid))
  await Promise.all([first.stop(), first.stop()])
  await first.stop()
  assert.equal(processExists(pid), false)

  const second = await startTestDemonstration(t, directory)
  assert.deepEqual(await readDemonstrationMeters(second), meters)
  await second.stop()
  assert.equal(existsSync(join(directory, 'postgresql', 'postmaster.pid')), false)
})

test('the simulation runs by itself and can be stopped at any time', async (t) => {
  const directory = createDirectory()
  const demonstration = await startTestDemonstration(t, directory, 50)
  const earlier = JSON.stringify(await readDemonstrationMeters(demonstration))
  await eventually(async () => JSON.stringify(await readDemonstrationMeters(demonstration)) !== earlier)
  await demonstration.stop()
})

test('an unexpected end of the database server is reported with its log', async (t) => {
  const directory = createDirectory()
  const demonstration = await startTestDemonstration(t, directory)
  process.kill(serverPid(directory), 'SIGQUIT')
  assert.match(await demonstration.died, /shutdown/)
  await demonstration.stop()
})

test('a start right after the agent was killed uses its data', async (t) => {
  const directory = createDirectory()
  const script = `
    import { startDemonstration } from ${JSON.stringify(new URL('../../src/demo/demonstration.ts', import.meta.url).href)}
    import { createLog } from ${JSON.stringify(new URL('../../src/lib/log.ts', import.meta.url).href)}
    await startDemonstration({ directory: ${JSON.stringify(directory)}, log: createLog({ level: 'silent', terminal: false }) })
    console.log('started')`
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => agent.kill('SIGKILL'))
  await once(agent.stdout, 'data')
  const pid = serverPid(directory)
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  await eventually(async () => !processExists(pid))
  const next = await startTestDemonstration(t, directory)
  assert.ok((await readDemonstrationMeters(next)).length > 480)
  await next.stop()
})

test('an unwritable directory is reported in one line that names it', async () => {
  const file = join(createDirectory(), 'file')
  writeFileSync(file, '')
  await assert.rejects(startDemonstration({ directory: join(file, 'data'), log: silentLog }), (error) => {
    assert.ok(error instanceof PostgresUnavailable)
    assert.doesNotMatch(error.message, /\n/)
    assert.ok(error.message.includes(join(file, 'data')), error.message)
    return true
  })
})

test('other files in the data directory are not changed', async (t) => {
  const directory = createDirectory()
  const first = await startTestDemonstration(t, directory)
  await first.stop()
  rmSync(join(directory, 'postgresql', 'superuser.password'))
  await assert.rejects(startDemonstration({ directory, log: silentLog }), /move them away/)
  assert.ok(existsSync(join(directory, 'postgresql', 'PG_VERSION')))
})

test('for root in an unreachable home directory, the data is stored where PostgreSQL can reach it', {
  skip: !isRoot,
}, async (t) => {
  const directory = join(createDirectory(0o700), 'data')
  const reachable = reachableDirectory(directory)
  removeAtExit(reachable)
  assert.notEqual(reachable, directory)
  const demonstration = await startTestDemonstration(t, directory)
  assert.equal((await readDemonstrationMeters(demonstration)).length, 500)
  await demonstration.stop()
})
