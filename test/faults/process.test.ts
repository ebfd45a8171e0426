import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCommand } from '../support/command.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { openProxy } from '../support/proxy.ts'
import { createWorld, eventually } from '../support/world.ts'

test('F30: an unhandled rejection is logged and ends the process with a non-zero status; the next start recovers', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process({
    NODE_OPTIONS:
      '--import=data:text/javascript,setTimeout(()=>{void(Promise.reject(new(Error)("out-of-the-blue")))},2500)',
  })
  const { code } = await agent.exited
  assert.equal(code, 1)
  const line = agent.log.find(({ level }) => level === 'fatal')
  assert.match(JSON.stringify(line), /out-of-the-blue/)
  const successor = await world.process()
  assert.equal((await successor.settled()).status, 'succeeded')
})

test('F19: SIGTERM during a run ends the process with status 0 within 9.5 s while the Sync database is silent', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  await gate.close()
  await using proxy = await openProxy(world.sync.url)
  const agent = await world.process({ DATABASE_URL: proxy.url, CLIENT_SYSTEM_QUERY: gate.query })
  await gate.untilReached()
  proxy.silence()
  const lists = agent.api('/api/meters').catch(() => undefined)
  const asked = performance.now()
  agent.kill('SIGTERM')
  const { code } = await agent.exited
  assert.equal(code, 0)
  assert.ok(performance.now() - asked < 9_500, `${performance.now() - asked} ms`)
  await lists
})

test('F40: when stdout has no reader any more, the process exits with status 74 and reports it on stderr', async (t) => {
  const world = await createWorld(t)
  const agent = startCommand([], world.environment({ ROLE: 'api' }))
  await eventually(async () => agent.output().includes('meter sync agent is up'))
  const url = /"url":"([^"]+)"/.exec(agent.output())?.[1]
  await fetch(`${url}/api/sync`, { method: 'POST' })
  const [run] = await world.sync.query<{ id: string }>('select id from sync.run')
  agent.closeOutput()
  // What it logs next stops it, perhaps before it has answered.
  await fetch(`${url}/api/runs/${run?.id}/cancel`, { method: 'POST' }).catch(() => undefined)
  const { code, err } = await agent.ended
  assert.equal(code, 74, err)
  assert.match(err, /^[^\n]*Standard output is closed[^\n]*\n$/)
})

test('F12: the start waits for a Sync database that accepts no more connections after the migration', async (t) => {
  const world = await createWorld(t)
  const role = `limited_${world.sync.name}`
  await world.sync.query(`create role ${role} login password 'limited' connection limit 1`)
  world.after(() => world.sync.query(`drop owned by ${role}; drop role ${role}`))
  for (const schema of ['sync', 'pgboss']) {
    await world.sync.query(`grant usage on schema ${schema} to ${role}`)
    for (const kind of ['tables', 'sequences', 'functions'])
      await world.sync.query(`grant all on all ${kind} in schema ${schema} to ${role}`)
  }
  const url = new URL(world.sync.url)
  url.username = role
  url.password = 'limited'
  const agent = startCommand([], world.environment({ DATABASE_URL: url.href }))
  await eventually(async () => agent.output().includes('waiting for the Sync database'))
  await world.sync.query(`alter role ${role} connection limit -1`)
  await eventually(async () => agent.output().includes('meter sync agent is up'))
  agent.signal('SIGTERM')
  assert.equal((await agent.ended).code, 0)
})
