import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import type { Status } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { openGateway } from '../support/gateway.ts'
import { inspect, openPages, showAddress } from '../support/inspect.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('R5.10: states of the connection, failed loads and rare configurations have no accessibility violation, wide and on a phone', {
  timeout: 110_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const agent = await world.agent({}, { demonstration: true })
  await agent.settled()
  const gateway = await openGateway(t, agent.url)
  const pages = await (await openPages(t))(`${gateway.url}/#/settings`)
  const each = (act: (page: Page) => Promise<unknown>) => Promise.all(Object.values(pages).map(act))
  const reload = async (hash: string) => {
    await showAddress(pages, hash)
    await each((page) => page.reload())
  }
  await inspect(pages, 'settings-demonstration', (page) => page.getByText('This is a demonstration').waitFor())

  const fail = (route: Route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' })
  await each((page) => page.route(/\/api\/(?!events|status|session)/, fail))
  await reload('#/')
  await inspect(pages, 'status-not-loaded', (page) => page.getByText('The history could not be loaded.').waitFor())
  for (const view of ['meters', 'meters/1', 'collection', 'settings', 'preview']) {
    await reload(`#/${view}`)
    await inspect(pages, `${view.replace('/', '-')}-not-loaded`, (page) =>
      page.locator('main').getByText('answered with status 502').first().waitFor(),
    )
  }
  // What failed is the way to the agent, which says nothing about a sync.
  await pages.wide.getByText('Nothing was written.').waitFor()
  assert.equal(await pages.wide.getByText('A sync would likely fail').count(), 0)
  await each((page) => page.unrouteAll())
  for (const [view, loaded] of [
    ['settings', pages.wide.getByRole('heading', { name: 'Documents' })],
    ['collection', pages.wide.getByText('By location and kind')],
    ['meters/60', pages.wide.getByRole('region', { name: 'Linked meter' }).getByText('60', { exact: true })],
  ] as const) {
    await pages.wide.route(/\/api\/(settings|meters\/60|collection)(\?|\/|$)/, fail)
    await reload(`#/${view}`)
    const retry = pages.wide.getByRole('button', { name: 'Try again' })
    await retry.waitFor()
    await pages.wide.unrouteAll()
    await retry.click()
    await loaded.waitFor()
  }
  await each((page) => page.route('**/api/**', () => undefined))
  await reload('#/')
  await inspect(pages, 'connecting', (page) => page.getByText('Connecting to the agent…').waitFor())
  await each((page) => page.unrouteAll())
  await each((page) => page.route('**/api/**', fail))
  await reload('#/')
  await inspect(pages, 'refused', (page) =>
    page.getByRole('heading', { name: 'Something between this computer and the agent answered' }).waitFor(),
  )
  await each((page) => page.unrouteAll())
  await each((page) => page.route('**/api/events', () => undefined))
  await reload('#/')
  await inspect(pages, 'polled', (page) => page.getByText('Changes do not appear here by themselves').waitFor())
  await each((page) => page.unrouteAll())

  const show = async (hash: string, change: (status: Status) => void) => {
    gateway.changeStatus = change
    await reload(hash)
  }
  await show('#/', (status) => status.clientSystems.splice(0))
  await inspect(pages, 'no-client-system', (page) => page.getByText('No Client System is configured').waitFor())
  await show('#/', ({ clientSystems: [only] }) => {
    assert.ok(only)
    only.insecure = true
  })
  await inspect(pages, 'insecure', (page) => page.getByText('The connection to Client System is not secure').waitFor())

  // The second Client System has the lists of the first.
  await each((page) =>
    page.route(/clientSystemId=north/, (route) =>
      route.continue({ url: route.request().url().replace('clientSystemId=north', 'clientSystemId=main') }),
    ),
  )
  const addNorth = ({ clientSystems }: Status) => {
    const [first] = clientSystems
    assert.ok(first)
    clientSystems.push({ ...structuredClone(first), id: 'north', name: 'North plant', workers: 0, insecure: true })
  }
  await show('#/', addNorth)
  await inspect(pages, 'several', (page) => page.getByRole('region', { name: 'Last 90 days of North plant' }).waitFor())
  for (const view of ['meters', 'collection']) {
    await showAddress(pages, `#/${view}`)
    await inspect(pages, `several-${view}`, async (page) => {
      await page.getByRole('link', { name: 'North plant' }).first().waitFor()
      await page.getByText('Hall 1').first().waitFor()
    })
  }
  await agent.stop()
})

test('R5.10: a login that may only read has no accessibility violation, wide and on a phone', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('delete from meter where external_id > 20')
  await agent.sync()
  const { out } = await runCommand(['token', 'create', 'Viewer', '--scope', 'read'], world.environment())
  const pages = await (await openPages(t))(agent.url)
  await inspect(pages, 'read-only', async (page) => {
    await page.getByLabel('Token').fill(out.trim())
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('To approve, log in with a token that has').waitFor()
  })
  await showAddress(pages, '#/preview')
  await inspect(pages, 'read-only-preview', (page) => page.getByText('To preview a sync, log in').waitFor())
  await showAddress(pages, '#/settings')
  await inspect(pages, 'read-only-settings', (page) => page.getByRole('heading', { name: 'Documents' }).waitFor())
})
