import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { pino } from 'pino'
import { parseConfig } from '../../src/config/environment.ts'
import { createApp } from '../../src/http/app.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createStreams } from '../../src/http/stream.ts'
import { openAgent } from '../../src/service.ts'
import { administrator } from '../support/administrator.ts'
import { createContract, operationsOf } from '../support/contract.ts'
import { createWorld } from '../support/world.ts'

test('the description is OpenAPI 3.1, and every example in it fits its own schema', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: administrator.token })
  const description = await administrator.describe(agent)
  assert.match(description.openapi, /^3\.1\./)
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(description)))
  assert.ok(valid, JSON.stringify(errors))
  const { fits } = createContract(description)
  let examples = 0
  const walk = (value: unknown, pointer: string) => {
    if (typeof value !== 'object' || value === null) return
    if ('schema' in value && 'example' in value) {
      fits(`${pointer}/schema`, value.example)
      examples++
    }
    for (const [key, inner] of Object.entries(value)) {
      if (key !== 'example') walk(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    }
  }
  walk(description, '')
  assert.ok(examples > 30, `${examples} examples`)
})

test('every route of the agent is described, and every description is a route', async (t) => {
  const world = await createWorld(t)
  const config = parseConfig(world.environment({ ROLE: 'api', AUTH_TOKEN: administrator.token }))
  const log = pino({ level: 'silent' })
  const { agent, stop } = await openAgent({ config, log })
  t.after(stop)
  const streams = createStreams(agent, log)
  const metrics = createMetrics(agent, ['main'], streams.count)
  t.after(streams.stop)
  t.after(metrics.stop)
  const mcp = { fetch: async () => new Response(), stop: async () => undefined }
  const app = createApp({ agent, hosts: config, log, mcp, streams, metrics, stopping: new AbortController().signal })
  // What is for all methods is a check in front of routes, or refuses what no route serves. A path may end in a slash.
  const routes = new Set(
    app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(':id', '{id}').replace(/(?<=.)\/$/, '')}`),
  )
  const response = await app.request('/healthz')
  assert.equal(response.status, 200)
  const live = await world.agent({ ROLE: 'api', AUTH_TOKEN: administrator.token })
  const described = operationsOf((await administrator.describe(live)).paths).map(
    ({ method, path }) => `${method} ${path}`,
  )
  assert.deepEqual(described.toSorted(), [...routes].toSorted())
})
