import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { errorMessage } from '../../src/lib/errors.ts'
import type { Problem } from '../../src/wire/types.ts'
import { startCommand } from '../support/command.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

/** Listens on a port of this machine until `free` is called. */
async function takePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, free: () => new Promise((done) => server.close(done)) }
}

test('a port in use is reported in one line with exit status 78; no run starts, and nothing keeps running', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const { port, free } = await takePort()
  world.after(free)
  const { code, err } = await startCommand([], world.environment({ PORT: String(port) })).ended
  assert.equal(code, 78)
  assert.match(err, new RegExp(`PORT: ${port} on 127.0.0.1 is in use by another program; set PORT to a free one`))
  assert.deepEqual(await world.sync.query('select id from sync.run'), [])
  await eventually(async () => {
    const [open] = await world.sync.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name like 'meter-sync-agent%'`,
    )
    return open?.count === 0
  })
})

test('while the agent waits for its database it answers probes and refuses other requests', async (t) => {
  const { port, free } = await takePort()
  await free()
  const url = `http://127.0.0.1:${port}`
  const agent = startCommand([], {
    PORT: String(port),
    DATABASE_URL: 'postgres://u:p@127.0.0.1:9/sync',
    CLIENT_SYSTEM_URL: 'postgres://u:p@127.0.0.1:9/meters',
  })
  t.after(() => agent.signal('SIGKILL'))
  const alive = await eventually(async () => await fetch(`${url}/healthz`).catch(() => null))
  assert.deepEqual([alive.status, await alive.json()], [200, { status: 'alive' }])
  const ready = await fetch(`${url}/readyz`)
  assert.deepEqual([ready.status, await ready.json()], [503, { status: 'not ready', waitingFor: ['start'] }])
  const refused = await fetch(`${url}/api/readings`, { method: 'POST', body: '[]' })
  assert.equal(refused.headers.get('content-type'), 'application/problem+json')
  const { code, status, hint }: Problem & { status: number } = JSON.parse(await refused.text())
  assert.deepEqual([refused.status, status, code], [503, 503, 'unavailable'])
  assert.match(String(hint), /readyz/)
  agent.signal('SIGTERM')
  assert.equal((await agent.ended).code, 0)
})

test('requests that are in progress at shutdown are answered with the code of a shutdown', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const agent = await world.process({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  await gate.close()
  const clients = await Promise.all(
    (['legacy', { pin: '2026-07-28' }] as const).map(async (mode) => {
      const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
      world.after(() => client.close())
      await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', agent.url)))
      return client
    }),
  )
  const preview = agent.api<Problem>('/api/preview', { method: 'POST' })
  const calls = clients.map((client) =>
    client.callTool({ name: 'preview_meter_sync', arguments: {} }).then(
      () => 'an answer',
      (error) => errorMessage(error),
    ),
  )
  await gate.untilReached()
  agent.kill('SIGTERM')
  const { status, body } = await preview
  assert.deepEqual([status, body.code], [503, 'unavailable'])
  for (const call of calls) assert.match(await call, /The agent is shutting down/)
  assert.deepEqual(await agent.exited, { code: 0, signal: null })
})
