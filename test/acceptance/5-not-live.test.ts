import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { figureReads, openBrowser } from '../support/browser.ts'
import { openGateway } from '../support/gateway.ts'
import { createMeters } from '../support/meters.ts'
import { openProxy } from '../support/proxy.ts'
import { createServer, createWorld } from '../support/world.ts'

const guide = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8')

/** Waits until the page shows these words, which the guide explains. */
async function waitForWords(page: Page, words: string): Promise<void> {
  assert.ok(guide.includes(`*${words}*`), words)
  // The live region repeats them.
  await page.locator('main').getByText(words).waitFor({ timeout: 40_000 })
}

suite('a page that is not live', { concurrency: true }, () => {
  test('where a proxy buffers the event stream the page requests the status, shows that, and is live once the stream arrives', {
    timeout: 80_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    const gateway = await openGateway(t, agent.url)
    gateway.holdsStreams = true
    const browse = await openBrowser(t)
    const { page } = await browse(gateway.url)
    await waitForWords(page, 'Changes do not appear here by themselves')
    await page.getByText('Not live', { exact: true }).waitFor()
    const last = page.getByRole('region', { name: 'Last sync' })
    await figureReads(last, 'Inserted', 3)
    assert.equal(await page.locator('tr.run').count(), 1)
    assert.match(await page.title(), /^In sync/)

    await world.source.query(`insert into meter (external_id, name) values (99, 'Unheard of')`)
    await agent.sync()
    await figureReads(last, 'Inserted', 1)
    await page.locator('tr.run').nth(1).waitFor()

    gateway.holdsStreams = false
    gateway.cut()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('Changes do not appear here').waitFor({ state: 'detached' })
  })

  test('the page distinguishes an agent that is down from one whose Sync database is down', {
    timeout: 80_000,
  }, async (t) => {
    const server = await createServer(t)
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.process({ DATABASE_URL: server.url })
    await agent.settled()
    const gateway = await openGateway(t, agent.url)
    const browse = await openBrowser(t)
    const { page: before } = await browse(gateway.url)
    await before.getByText('Live', { exact: true }).waitFor()

    await server.stop('fast')
    const { page: after } = await browse(gateway.url)
    await after.getByRole('heading', { name: 'The Sync database does not answer' }).waitFor()
    await waitForWords(before, 'The Sync database does not answer')
    await before.getByText('may be outdated').waitFor()

    await agent.stop()
    for (const page of [before, after]) {
      await waitForWords(page, 'Something between this computer and the agent answered with status 502')
    }

    await server.start()
    await world.process({ DATABASE_URL: server.url, PORT: new URL(agent.url).port })
    for (const page of [before, after]) await page.getByText('Live', { exact: true }).waitFor({ timeout: 40_000 })
  })

  test('R4.6: an open page shows within 10 s that the agent has lost its Sync database, and the last known state', {
    timeout: 80_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.process({ DATABASE_URL: proxy.url })
    await agent.settled()
    const browse = await openBrowser(t)
    const { page } = await browse(agent.url)
    const headline = page.locator('.headline')
    await headline.getByText('In sync').waitFor()
    await page.getByText(/^Next sync/).waitFor()

    proxy.silence()
    await headline.getByText(/^Unknown, in sync at \d\d:\d\d$/).waitFor({ timeout: 10_000 })
    assert.equal(await headline.getAttribute('data-tone'), 'attention')
    assert.ok(await page.getByRole('button', { name: 'Sync now' }).isDisabled())
    assert.equal(await page.getByText(/^Next sync/).count(), 0)
    const spoken = page.getByRole('status')
    await spoken.getByText('The Sync database does not answer. The status is unknown.').waitFor()

    proxy.fault = null
    await headline.getByText('In sync', { exact: true }).waitFor({ timeout: 20_000 })
    await spoken.getByText('The status is known again. In sync.').waitFor()
    await page.getByText(/^Next sync/).waitFor()
    assert.ok(await page.getByRole('button', { name: 'Sync now' }).isEnabled())
  })
})
