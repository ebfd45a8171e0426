import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import type { Description } from '../../src/http/openapi-types.ts'
import type { Meter, Run } from '../../src/wire/types.ts'
import { type Answer, createContract } from '../support/contract.ts'
import { createMeters } from '../support/meters.ts'
import { createMakeValue, type GeneratedRequest, requestsOf } from '../support/requests.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const count = 2_000
const maxMs = 30_000
const lanes = 4
const token = 'a-token-of-the-administrator'
const authorization = `Bearer ${token}`

/** Sends a request as it is: fetch would mend or refuse some. An event stream is left after its head. */
function sendRequest(url: string, { method, target, headers, body }: GeneratedRequest): Promise<Answer> {
  return new Promise((done, failed) => {
    const asked = request(`${url}${target}`, { method: method.toUpperCase(), headers }, (response) => {
      const { statusCode: status = 0, headersDistinct } = response
      const found = new Headers(
        Object.entries(headersDistinct).flatMap(([name, all = []]) => all.map((one): [string, string] => [name, one])),
      )
      const type = found.get('content-type')?.split(';')[0] ?? ''
      const finish = (text: string) =>
        done({ status, type, headers: found, body: type.endsWith('json') ? JSON.parse(text) : text })
      if (type === 'text/event-stream' && method === 'get') {
        finish('')
        return void response.destroy()
      }
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => finish(text)).on('error', failed)
    })
    asked.on('error', failed)
    asked.end(body)
  })
}

/** An agent with something to find: meters of every kind of change, readings, and rejected rows. */
async function prepare(agent: TestAgent, change: () => Promise<unknown>) {
  const init = { headers: { authorization } }
  const get = async <Body>(path: string) => (await agent.api<Body>(path, init)).body
  const settle = async (): Promise<Run> => {
    return await eventually(async () => {
      const { runs } = await get<{ runs: Run[] }>('/api/runs')
      return runs.every(({ finishedAt }) => finishedAt !== null) && runs[0]
    })
  }
  await settle()
  await change()
  await agent.api('/api/sync', { ...init, method: 'POST' })
  const runs = [(await settle()).id, '00000000-0000-4000-8000-000000000000']
  const { meters } = await get<{ meters: Meter[] }>('/api/meters?q=1')
  const reading = (hour: number) =>
    JSON.stringify({ externalId: '1', quantity: 'energy', value: hour, readAt: `2026-01-31T0${hour}:00:00Z` })
  const body = [1, 2, 3].map(reading).join('\n')
  assert.equal((await agent.api('/api/readings', { ...init, method: 'POST', body })).status, 200)
  const lists = ['/api/runs', '/api/meters', `/api/runs/${runs[0]}/changes`, `/api/meters/${meters[0]?.id}/readings`]
  const pages = await Promise.all(lists.map((path) => get<{ next: string | null }>(`${path}?limit=1`)))
  return {
    ids: (path: string) => (path.includes('/runs/') ? runs : meters.map(({ id }) => String(id))),
    cursors: pages.flatMap(({ next }) => next ?? []),
    clientSystemId: 'main',
  }
}

const toolList = z.object({
  result: z.object({ tools: z.array(z.object({ name: z.string(), inputSchema: z.looseObject({}) })) }),
})

/** Calls of every tool, with arguments made from its input schema. */
async function callsOf(agent: TestAgent): Promise<fc.Arbitrary<GeneratedRequest>> {
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  const call = { method: 'post', path: '/mcp', target: '/mcp', headers }
  const asRpc = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const listed = await sendRequest(agent.url, {
    ...call,
    headers: { ...headers, authorization },
    body: asRpc('tools/list', {}),
  })
  const text =
    typeof listed.body === 'string' ? (/^data: (\{.*)$/m.exec(listed.body)?.[1] ?? '') : JSON.stringify(listed.body)
  const { tools } = toolList.parse(JSON.parse(text)).result
  const makeValue = createMakeValue({}, { clientSystemId: 'main' })
  const calls = tools.map(({ name, inputSchema }) =>
    makeValue(inputSchema).map((values) => ({ ...call, body: asRpc('tools/call', { name, arguments: values }) })),
  )
  return fc.oneof(...calls)
}

test('R7.4: every route answers generated requests as described, never with an internal error', {
  timeout: 90_000,
}, async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? 20_261_126)
  t.diagnostic(`FUZZ_SEED=${seed}`)
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query(`insert into meter (external_id, name) values (900, ' '), (901, ' ')`)
  const agent = await world.agent({ AUTH_TOKEN: token })
  const known = await prepare(agent, () => world.source.query(`update meter set name = name || ' renamed'`))
  const description = (await agent.api<Description>('/openapi.json', { headers: { authorization } })).body
  const contract = createContract(description)
  const generated = fc.oneof(
    { weight: 4, arbitrary: requestsOf(description, known) },
    { weight: 1, arbitrary: await callsOf(agent) },
  )
  const withToken = fc.oneof(
    { weight: 19, arbitrary: fc.constant({ authorization }) },
    { weight: 1, arbitrary: fc.constant({}) },
  )
  const requests = fc.sample(fc.tuple(generated, withToken), { seed, numRuns: count }).values()
  const until = performance.now() + maxMs
  let asked = 0
  const askOn = async () => {
    for (const [request, token] of requests) {
      if (performance.now() > until) return
      asked++
      const sent = { ...request, headers: { ...request.headers, ...token } }
      const answer = await sendRequest(agent.url, sent)
      const shown = `${JSON.stringify(sent).slice(0, 2_000)} was answered ${JSON.stringify(answer.body)?.slice(0, 500)}`
      assert.ok(answer.status < 500, `${answer.status}: ${shown}`)
      assert.doesNotMatch(JSON.stringify(answer.body) ?? '', /\\*"code\\*":\\*"internal\\*"/, shown)
      try {
        contract.check(request.method, request.path, answer)
      } catch (cause) {
        throw new Error(shown, { cause })
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, askOn))
  t.diagnostic(`${asked} requests, ${contract.checked.size} different answers`)
  assert.deepEqual(
    agent.log
      .filter(({ level }) => level === 'error' || level === 'fatal')
      .filter(({ msg }) => !msg.startsWith('meter sync')),
    [],
  )
})
