import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { z } from 'zod'
import type { Description } from '../../src/http/openapi-types.ts'
import { scopes } from '../../src/wire/lists.ts'
import type { Problem, Run, Scope, Session } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { operationsOf } from '../support/contract.ts'
import { openStream } from '../support/stream.ts'
import { createWorld, eventually, type TestAgent, type World } from '../support/world.ts'

const administrator = 'a-token-of-the-administrator'

/** Stores a token without a notification, as an agent finds one that was created while its listener was disconnected. */
async function createToken(world: World, name: string, granted: readonly Scope[]): Promise<string> {
  const token = `msa_${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(token).digest()
  const values = [name, hash, granted]
  await world.sync.query('insert into sync.access_token (name, hash, scopes) values ($1, $2, $3)', values)
  return token
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Sends a request, and does not wait for the end of a stream. */
async function send(
  agent: TestAgent,
  path: string,
  init: RequestInit,
): Promise<{ status: number; code: string | null }> {
  const leaving = new AbortController()
  const response = await fetch(agent.url + path, { ...init, signal: leaving.signal })
  const isProblem = response.headers.get('content-type') === 'application/problem+json'
  const code = isProblem ? z.object({ code: z.string() }).parse(await response.json()).code : null
  leaving.abort()
  return { status: response.status, code }
}

const mcpHeaders = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' }

/** Calls a method of the MCP server with a request of its own. */
async function callMcp(agent: TestAgent, token: string, method: string, params: object = {}): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(`${agent.url}/mcp`, {
    method: 'POST',
    headers: { ...mcpHeaders, ...bearer(token) },
    body,
  })
  assert.equal(response.status, 200, await response.clone().text())
  const text = await response.text()
  return z.object({ result: z.unknown() }).parse(JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text)).result
}

const listedTools = z.object({
  tools: z.array(z.object({ name: z.string(), _meta: z.object({ scope: z.enum(scopes) }) })),
})
const toolAnswer = z.object({ isError: z.boolean().optional(), structuredContent: z.looseObject({}) })

/** The scope that a field of a route's body needs beyond that of the route. */
const fieldScopes = z.object({
  properties: z.record(z.string(), z.looseObject({ 'x-scope': z.enum(scopes).optional() })).default({}),
})

test('R7.1: every route and every tool requires its scope: each is tried with every scope', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: administrator })
  const tokens = new Map<Scope, string>()
  for (const scope of scopes) tokens.set(scope, await createToken(world, `only ${scope}`, [scope]))
  const { paths } = (await agent.api<Description>('/openapi.json', { headers: bearer(administrator) })).body

  let tried = 0
  for (const { method, path, operation } of operationsOf(paths)) {
    const needed = operation.security[0]?.bearer?.[0]
    if (needed === undefined) continue
    const init = { method: method.toUpperCase(), ...(path === '/mcp' && method === 'post' && { body: '{}' }) }
    for (const [scope, token] of tokens) {
      const answer = await send(agent, path.replace('{id}', '1'), { ...init, headers: bearer(token) })
      const expected: string | null = scope === needed ? 'allowed' : 'forbidden_scope'
      const outcome = answer.status === 403 ? answer.code : 'allowed'
      assert.equal(outcome, expected, `${method} ${path} with ${scope}: ${answer.status}`)
      assert.notEqual(answer.status, 401)
      tried++
    }
  }
  assert.ok(tried > 80, `${tried}`)

  const fields = operationsOf(paths).flatMap(({ method, path, operation }) => {
    const { properties } = fieldScopes.parse(operation.requestBody?.content['application/json']?.schema ?? {})
    const route = operation.security[0]?.bearer?.[0]
    return Object.entries(properties).flatMap(([name, { 'x-scope': needed }]) =>
      needed === undefined ? [] : [{ method, path, name, needed, route: scopes.filter((scope) => scope === route) }],
    )
  })
  assert.deepEqual(
    fields.map(({ path, name, needed }) => [path, name, needed]),
    [['/api/sync', 'approveDeletes', 'approve']],
  )
  for (const { method, path, name, needed, route } of fields) {
    const body = JSON.stringify({ [name]: 0 })
    const without = await createToken(world, `without ${name}`, route)
    const having = await createToken(world, `with ${name}`, [...route, needed])
    const refused = await agent.api<Problem>(path, { method: method.toUpperCase(), body, headers: bearer(without) })
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden_scope'])
    assert.match(refused.body.detail, /needs the scope approve to send approveDeletes/)
    // Another run may be active by now.
    const { status } = await send(agent, path, { method: method.toUpperCase(), body, headers: bearer(having) })
    assert.ok(status === 202 || status === 409, `${status}`)
  }

  const assistants: [Scope[], string][] = []
  for (const granted of [['read'], ['read', 'operate']] satisfies Scope[][])
    assistants.push([granted, await createToken(world, granted.join(), granted)])
  const { tools } = listedTools.parse(await callMcp(agent, administrator, 'tools/list'))
  assert.equal(tools.filter(({ _meta }) => _meta.scope === 'operate').length, 3)
  for (const { name, _meta } of tools) {
    for (const [granted, token] of assistants) {
      const called = await callMcp(agent, token, 'tools/call', { name, arguments: { unknown: true } })
      const { code } = toolAnswer.parse(called).structuredContent
      assert.equal(code, granted.includes(_meta.scope) ? 'bad_request' : 'forbidden_scope', `${name} with ${granted}`)
    }
  }
})

test('R7.2: no assistant can approve: /mcp refuses a token that may, and no tool takes an approval', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const person = await createToken(world, 'person', scopes)
  const assistant = await createToken(world, 'assistant', ['read', 'operate'])
  // An answer without a token that is under way when the first one is created is cut off.
  await eventually(async () => (await agent.api('/api/status').catch(() => null))?.status === 401)
  for (const method of ['POST', 'GET', 'DELETE']) {
    const { status, code } = await send(agent, '/mcp', { method, headers: { ...mcpHeaders, ...bearer(person) } })
    assert.deepEqual([status, code], [403, 'forbidden_scope'])
  }
  const started = z
    .object({ run: z.object({ id: z.string(), requestedBy: z.string() }) })
    .parse(
      toolAnswer.parse(await callMcp(agent, assistant, 'tools/call', { name: 'start_meter_sync' })).structuredContent,
    )
  assert.equal(started.run.requestedBy, 'assistant')
  const cancel = { name: 'cancel_sync_run', arguments: { runId: started.run.id } }
  assert.notEqual(toolAnswer.parse(await callMcp(agent, assistant, 'tools/call', cancel)).isError, true)
  const body = JSON.stringify({ approveDeletes: 5 })
  const approval = await send(agent, '/api/sync', { method: 'POST', body, headers: bearer(assistant) })
  assert.deepEqual([approval.status, approval.code], [403, 'forbidden_scope'])
  const byPerson = await agent.api<{ run: Run }>('/api/sync', { method: 'POST', body, headers: bearer(person) })
  assert.deepEqual([byPerson.status, byPerson.body.run.requestedBy], [202, 'person'])
})

test('R7.3: a token is printed once and stored as a hash; revoked, it ends in every process within 5 s, with its sessions and streams', async (t) => {
  const world = await createWorld(t)
  const [one, other] = [await world.agent({ ROLE: 'api' }), await world.agent({ ROLE: 'api' })]
  const token = (...args: string[]) => runCommand(['token', ...args], world.environment())
  await using open = await openStream(`${other.url}/api/events`)

  const created = await token('create', 'collector 7', '--scope', 'ingest,read', '--expires', '90d')
  assert.equal(created.code, 0, created.err)
  const [secret = '', ...rest] = created.out.split('\n')
  assert.match(secret, /^msa_[\w-]{43}$/)
  assert.deepEqual(rest, [''])
  assert.ok(!created.err.includes(secret))
  const [stored] = await world.sync.query(`select encode(hash, 'hex') as hash, t::text from sync.access_token t`)
  assert.equal(stored?.hash, createHash('sha256').update(secret).digest('hex'))
  assert.ok(!JSON.stringify(stored).includes(secret))

  // From now on a token is required, also of a client that was let in without one.
  await open.ended(5_000)
  assert.equal((await other.api('/api/status')).status, 401)
  const headers = bearer(secret)
  for (const agent of [one, other]) assert.equal((await agent.api('/api/status', { headers })).status, 200)
  const again = await token('create', 'collector 7', '--scope', 'read')
  assert.deepEqual([again.code, again.out], [2, ''])
  assert.match(again.err, /A token named collector 7 already exists\nRevoke it first/)

  const login = await one.api('/api/session', { method: 'POST', body: JSON.stringify({ token: secret }) })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { body: session } = await other.api<Session>('/api/session', { headers: { cookie } })
  assert.deepEqual(session, { required: true, loggedIn: true, name: 'collector 7', scopes: ['read', 'ingest'] })
  await using stream = await openStream(`${one.url}/api/events`, headers)
  await using page = await openStream(`${other.url}/api/events`, { cookie })
  const { tokens } = await eventually(async () => {
    const { out } = await token('list', '--json')
    const listed = z.object({ tokens: z.array(z.record(z.string(), z.unknown())) }).parse(JSON.parse(out))
    return listed.tokens[0]?.lastUsedAt === null ? null : listed
  })
  assert.equal(tokens.length, 1)
  assert.match(
    (await token('list')).out,
    /^NAME +SCOPES +CREATED +EXPIRES +LAST USED *\ncollector 7 +read,ingest +\d{4}-/,
  )

  const began = performance.now()
  assert.equal((await token('revoke', 'collector 7')).code, 0)
  for (const ended of [stream, page]) await ended.ended(5_000)
  for (const agent of [one, other]) {
    assert.equal((await agent.api('/api/status', { headers })).status, 401)
    assert.equal((await agent.api('/api/status', { headers: { cookie } })).status, 401)
  }
  assert.ok(performance.now() - began < 5_000)
  const unknown = await token('revoke', 'collector 7')
  assert.deepEqual([unknown.code, unknown.out], [2, ''])
})

test('R7.3: a token that expires or is revoked ends without a notification too, and a login needs the scope read', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: administrator })
  for (const change of ['expires_at = now()', 'revoked_at = now()']) {
    const token = await createToken(world, change, ['read'])
    const headers = bearer(token)
    await using stream = await openStream(`${agent.url}/api/events`, headers)
    await stream.until(({ type }) => type === 'status')
    await world.sync.query(`update sync.access_token set ${change} where name = $1`, [change])
    await stream.ended(5_000)
    assert.equal((await agent.api('/api/status', { headers })).status, 401)
  }
  const token = await createToken(world, 'sensor', ['ingest'])
  const login = await agent.api<Problem>('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  assert.deepEqual([login.status, login.body.code], [403, 'forbidden_scope'])
  assert.match(login.body.detail, /scope read/)
  assert.equal(login.headers.get('set-cookie'), null)
})

test('a session of AUTH_TOKEN is not valid for an agent without AUTH_TOKEN, whatever the table has', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const token = await createToken(world, 'reader', ['read'])
  await eventually(async () => (await agent.api('/api/status').catch(() => null))?.status === 401)
  const value = randomBytes(32).toString('base64url')
  const statusWith = async (headers: Record<string, string>) => (await agent.api('/api/status', { headers })).status
  for (const [name, status] of [
    ['reader', 200],
    [null, 401],
  ] as const) {
    await world.sync.query('truncate sync.login_session')
    await world.sync.query(
      `insert into sync.login_session (hash, token_id, expires_at)
       values (decode($1, 'hex'), (select id from sync.access_token where name = $2), now() + interval '1 hour')`,
      [createHmac('sha256', '').update(`${name} ${value}`).digest('hex'), name],
    )
    const cookie = `meter_sync_session=${encodeURIComponent(`${name} ${value}`)}`
    assert.equal(await statusWith({ cookie }), status, `${name}`)
  }
  assert.equal(await statusWith(bearer(token)), 200)
})

test('a token is refused within 5 s when the tokens can no longer be read', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: administrator })
  const headers = bearer(await createToken(world, 'reader', ['read']))
  const status = async () => (await agent.api('/api/status', { headers })).status
  assert.equal(await status(), 200)
  const began = performance.now()
  await world.sync.query('alter table sync.access_token rename to missing_token')
  await eventually(async () => (await status()) >= 500)
  assert.ok(performance.now() - began < 5_500, `${performance.now() - began} ms`)
  await world.sync.query('alter table sync.missing_token rename to access_token')
  assert.equal(await status(), 200)
})
