import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { createWorld } from '../support/world.ts'

test('R5.13: the page is small: all of its JavaScript is under 60 kB on the wire, and every file comes from the agent', () => {
  const dist = fileURLToPath(new URL('../../web/dist', import.meta.url))
  const scripts = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'))
  const bytes = scripts.map((name) => gzipSync(readFileSync(join(dist, 'assets', name))).length)
  assert.ok(bytes.length > 0)
  assert.ok(bytes.reduce((sum, one) => sum + one, 0) < 60_000, `${bytes}`)
  assert.doesNotMatch(readFileSync(join(dist, 'index.html'), 'utf8'), /(src|href)="(https?:)?\/\//)
})

test('the page and the guides are sent as they were compressed in the build, and a browser caches the assets', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const [script = ''] = readdirSync(new URL('../../web/dist/assets', import.meta.url)).filter((name) =>
    /\.js$/.test(name),
  )
  for (const path of [`/assets/${script}`, '/guides/operate.html']) {
    for (const encoding of ['br', 'gzip']) {
      const { headers, body } = await agent.api<string>(path, { headers: { 'accept-encoding': encoding } })
      assert.equal(headers.get('content-encoding'), encoding, path)
      assert.ok(body.length > 10_000)
    }
    assert.equal(
      (await agent.api(path, { headers: { 'accept-encoding': 'identity' } })).headers.get('content-encoding'),
      null,
    )
  }
  for (const path of ['/api/status', '/api/runs', '/api/meters', '/openapi.json']) {
    const { status, headers } = await agent.api(path)
    assert.deepEqual([status, headers.get('content-encoding')], [200, 'gzip'], path)
  }
  const { headers } = await agent.api(`/assets/${script}`)
  assert.match(headers.get('cache-control') ?? '', /immutable/)
  assert.match(headers.get('vary') ?? '', /accept-encoding/i)
})
