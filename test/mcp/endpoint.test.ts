import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Problem, Run } from '../../src/wire/types.ts'
import { inherited, runCommand } from '../support/command.ts'
import { call, connect, refused, runAnswer, specifications, startedRun, ways } from '../support/mcp.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createServer, createWorld, eventually } from '../support/world.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const statusUri = 'meter-sync://status'

test('a run that a tool started continues after its client has disconnected', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const environment = { CLIENT_SYSTEM_QUERY: gate.query }
  const agent = await world.agent(environment)
  await agent.settled()
  for (const { specification, transport } of ways) {
    const open = await gate.close()
    const client = await connect(
      world,
      transport === 'http' ? { transport, url: agent.url } : { transport, environment },
      specification,
    )
    const { run } = runAnswer.parse(await call(client, 'start_meter_sync'))
    await gate.untilReached()
    await client.close()
    await open()
    const done = await eventually(async () => {
      const { body } = await agent.api<Run>(`/api/runs/${run.id}`)
      return body.finishedAt === null ? null : body
    })
    assert.equal(done.status, 'succeeded')
    assert.equal(done.trigger, 'mcp')
  }
})

test('F25, F26: /mcp requires the token, and refuses other hosts, other sites and large bodies', async (t) => {
  const world = await createWorld(t)
  const token = 'a token of sixteen or more'.replaceAll(' ', '-')
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const send = (headers: Record<string, string>, body = '{}') =>
    agent.api<Problem>('/mcp', { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body })
  const expectations: [Record<string, string>, number, string][] = [
    [{}, 401, 'unauthorized'],
    [{ Authorization: 'Bearer wrong' }, 401, 'unauthorized'],
    [{ Authorization: `Bearer ${token}`, Origin: 'https://elsewhere.example' }, 403, 'forbidden_origin'],
    [{ Authorization: `Bearer ${token}`, 'Sec-Fetch-Site': 'cross-site' }, 403, 'forbidden_origin'],
  ]
  for (const [headers, status, code] of expectations) {
    const answer = await send(headers)
    assert.equal(answer.status, status)
    assert.equal(answer.body.code, code)
  }
  const large = await send({ Authorization: `Bearer ${token}` }, JSON.stringify({ x: 'x'.repeat(70_000) }))
  assert.equal(large.status, 413)
  for (const specification of specifications) {
    await assert.rejects(connect(world, { transport: 'http', url: agent.url }, specification))
    const client = await connect(world, { transport: 'http', url: agent.url, token }, specification)
    const { run } = startedRun.parse(await call(client, 'start_meter_sync'))
    assert.equal(run.requestedBy, 'administrator')
    await call(client, 'cancel_sync_run', { runId: run.id })
  }
})

test('F12: a call fails as database_unavailable while the Sync database is down, and the next one works when it is back', async (t) => {
  const world = await createWorld(t)
  const server = await createServer(t)
  const agent = await world.agent({ ROLE: 'api', DATABASE_URL: server.url })
  const [, current] = specifications
  const client = await connect(world, { transport: 'http', url: agent.url }, current)
  await call(client, 'get_sync_status')
  await server.stop('immediate')
  const { code, hint } = await refused(client, 'get_sync_status')
  assert.equal(code, 'database_unavailable')
  assert.equal(
    hint,
    'Check that the PostgreSQL server of DATABASE_URL is running; GET /readyz answers 200 when it is back',
  )
  await assert.rejects(client.readResource({ uri: statusUri }), /does not answer/)
  await server.start()
  await eventually(async () => (await client.callTool({ name: 'get_sync_status' })).isError !== true)
})

test('R7.14: over stdio nothing but JSON-RPC is on stdout, the log is on stderr, and the process ends with its client', async (t) => {
  const world = await createWorld(t)
  for (const end of ['end of input', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, ['src/main.ts', 'mcp'], {
      cwd: project,
      env: { ...inherited, ...world.environment({ LOG_LEVEL: 'trace' }) },
    })
    t.after(() => child.kill('SIGKILL'))
    const exited = new Promise<number | null>((done) => child.once('exit', done))
    let out = ''
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text
    })
    const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    const clientInfo = { name: 'test', version: '1.0.0' }
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
    send({ id: 1, method: 'initialize', params })
    send({ method: 'notifications/initialized' })
    send({ id: 2, method: 'tools/call', params: { name: 'start_meter_sync', arguments: {} } })
    child.stdin.write('this is no JSON\n')
    send({ id: 3, method: 'tools/list' })
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
      if (!/"id":3[,}]/.test(out) || !/"id":2[,}]/.test(out)) return
      if (end === 'SIGTERM') child.kill('SIGTERM')
      else child.stdin.end()
    })
    assert.equal(await exited, 0, err)
    const lines = out.trimEnd().split('\n')
    assert.equal(lines.length, 3)
    for (const line of lines) assert.equal(JSON.parse(line).jsonrpc, '2.0')
    assert.match(err, /^\{.*"msg":"meter sync agent has stopped"/m)
  }
})

test('over stdio the requests of a script before the end of input are answered', async (t) => {
  const world = await createWorld(t)
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } }
  const messages = [
    { id: 1, method: 'initialize', params },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/call', params: { name: 'start_meter_sync', arguments: {} } },
    { id: 3, method: 'resources/read', params: { uri: 'meter-sync://status' } },
  ]
  const input = messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join('')
  const { code, out, err } = await runCommand(['mcp'], world.environment({ LOG_LEVEL: 'error' }), { input })
  assert.equal(code, 0)
  assert.match(out, /"id":2[,}]/)
  assert.match(out, /"id":3[,}]/)
  assert.equal(err, '')
  const runs = await world.sync.query<{ id: string }>('select id from sync.run')
  assert.deepEqual(runs.length === 1 && out.includes(runs[0]?.id ?? ''), true)
})
