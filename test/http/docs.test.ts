import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Description } from '../../src/http/openapi-types.ts'
import { openBrowser } from '../support/browser.ts'
import { operationsOf } from '../support/contract.ts'
import { createWorld } from '../support/world.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

test('the API page lists every route, without an accessibility violation, in light and dark, wide and on a phone', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const { paths, components } = (await agent.api<Description>('/openapi.json')).body
  const browse = await openBrowser(t)
  for (const viewport of [
    { width: 1280, height: 900 },
    { width: 390, height: 844 },
  ]) {
    const { page, complaints } = await browse(`${agent.url}/docs`, { viewport })
    for (const { method, path } of operationsOf(paths)) {
      const name = `${method.toUpperCase()} ${path}`
      await page.getByRole('heading', { name, exact: true }).waitFor()
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).waitFor()
    }
    for (const name of Object.keys(components.schemas)) {
      await page.getByRole('heading', { name, exact: true, level: 3 }).waitFor()
    }
    const start = page.getByRole('article', { name: 'POST /api/sync' })
    await start.getByText('approveDeletes', { exact: true }).first().waitFor()
    await start.getByText(`'${agent.url}/api/sync'`).waitFor()
    assert.ok(!(await start.getByText('run_active').isVisible()))
    await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
    await start.getByText('run_active', { exact: true }).waitFor()
    assert.match((await page.getByText('"full": true').textContent()) ?? '', /^\{/)
    const broken: string[] = await page.evaluate(
      '[...document.querySelectorAll("a[href^=\\"#\\"]")].map((a) => a.hash).filter((hash) => !document.querySelector(hash))',
    )
    assert.deepEqual(broken, [])
    await page.evaluate(axe)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const results: AxeResults = await page.evaluate('axe.run({ resultTypes: ["violations"] })')
      assert.deepEqual(
        results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`)),
        [],
      )
    }
    const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    assert.equal(wider, 0)
    await page.evaluate('localStorage.setItem("theme", "dark")')
    await page.reload()
    assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(13, 18, 23)')
    assert.deepEqual(complaints, [])
  }
})

test('the API page has no script and no inline style, and escapes the origin of the request', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const { status, headers, body } = await agent.api<string>('/docs', { headers: { 'x-forwarded-proto': 'https' } })
  assert.equal(status, 200)
  assert.match(headers.get('content-security-policy') ?? '', /script-src 'self'; style-src 'self'/)
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.doesNotMatch(body, /<style|style=|onclick|(src|href)="(https?:)?\/\//)
  assert.deepEqual(body.match(/<script[^>]*>/g), ['<script src="/theme.js">'])
  assert.ok(body.includes(`&#39;${agent.url.replace('http:', 'https:')}/api/sync&#39;`))
  assert.match((await agent.api<string>('/docs.css')).headers.get('content-type') ?? '', /^text\/css/)
})
