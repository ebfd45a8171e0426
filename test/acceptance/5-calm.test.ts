import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { figureReads, holdRequests, openBrowser, takeShift } from '../support/browser.ts'
import { openPages, takePicture } from '../support/inspect.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

/** The limit of the cumulative layout shift: what a reader looks at stays where it is. */
const maxShift = 0.02

const earlierRuns = `
  insert into sync.run (id, client_system_id, trigger, status, queued_at, started_at, finished_at, revision)
  select gen_random_uuid(), 'main', 'schedule', 'cancelled', at, at, at, 0
  from generate_series(now() - interval '25 hours', now() - interval '1 hour', interval '1 hour') at`

test('the layout does not shift during a load, a sync or a failure, and a print has no buttons', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  const browse = await openBrowser(t)
  const pages = await (await openPages(t))(agent.url)
  const entries = Object.entries(pages)
  const calm = async (state: string, ready: (page: Page) => Promise<unknown>) => {
    for (const [size, page] of entries) {
      await ready(page)
      const { sum, most } = await takeShift(page)
      assert.ok(sum < maxShift, `${state}, ${size}: ${sum} by ${most}`)
    }
  }
  const last = (page: Page) => page.getByRole('region', { name: 'Last sync' })
  await calm('load', async (page) => {
    await page.getByRole('group', { name: 'Days' }).waitFor()
    await page.getByRole('button', { name: /^Succeeded/ }).waitFor()
  })

  for (const [, page] of entries) await page.evaluate(`location.hash = '#/meters'`)
  await calm('meters', (page) => page.getByText('60 meters').waitFor())
  for (const [, page] of entries) await page.evaluate(`location.hash = '#/'`)
  await calm('status', (page) => page.getByRole('group', { name: 'Days' }).waitFor())

  // A link to a run scrolls to it, also while the history above it is being loaded.
  const linked = (await agent.status()).clientSystems[0]?.lastRun?.id
  const release = await Promise.all(entries.map(([, page]) => holdRequests(page, '**/api/history*')))
  for (const [, page] of entries) {
    await page.evaluate(`location.hash = '#/runs/${linked}'`)
    await page.reload()
    await page.getByRole('region', { name: 'Changes' }).getByText('Meter 1', { exact: true }).waitFor()
    await takeShift(page)
  }
  for (const go of release) go()
  await calm('history', (page) => page.getByRole('group', { name: 'Days' }).waitFor())
  for (const [, page] of entries) {
    await page.evaluate(`location.hash = '#/'`)
    await page.getByRole('region', { name: 'Changes' }).waitFor({ state: 'detached' })
    await page.evaluate('scrollTo(0, 0)')
    await takeShift(page)
  }

  await agent.sync()
  await calm('short sync', (page) => last(page).getByText('No changes.').waitFor())
  const open = await gate.close()
  const buttons = pages.wide.locator('.trigger')
  const idle = await buttons.boundingBox()
  await world.source.query(`update meter set name = name || ' (new)' where external_id < 4`)
  await agent.api('/api/sync', { method: 'POST' })
  await calm('long sync', (page) => page.getByRole('progressbar', { name: 'Sync progress' }).waitFor())
  await pages.wide.getByRole('button', { name: 'Cancel sync' }).waitFor()
  assert.deepEqual(await buttons.boundingBox(), idle)
  await open()
  await calm('end of a long sync', (page) => figureReads(last(page), 'Updated', 3))

  // The notice of a failure takes the place of the counts: at the top nothing moves, nor does a row that is being read.
  await world.sync.query(earlierRuns)
  await pages.phone.goto(`${agent.url}/#/`)
  await pages.phone.reload()
  const reader = await browse(agent.url, { viewport: { width: 390, height: 844 } })
  const read = reader.page.locator('tr.run').nth(10)
  await read.scrollIntoViewIfNeeded()
  const before = await read.boundingBox()
  await calm('status before a failure', (page) => page.getByRole('group', { name: 'Days' }).waitFor())
  await last(pages.wide).getByRole('link', { name: 'See this run' }).focus()
  await world.source.query('alter table meter rename to meter_away')
  await agent.sync()
  await calm('failure', async (page) => {
    await page.getByRole('alert').getByText('relation "meter" does not exist').waitFor()
    await page.getByRole('button', { name: /^Failed/ }).waitFor()
  })
  assert.equal(await pages.wide.locator(':focus').textContent(), 'See this run')
  await reader.page.getByRole('alert').waitFor()
  await reader.page.locator('tr.run').first().getByText('Failed').waitFor()
  const after = await reader.page.locator('tr.run').nth(11).boundingBox()
  assert.ok(Math.abs((after?.y ?? 0) - (before?.y ?? 0)) < 30, `${before?.y} to ${after?.y}`)
  await world.source.query('alter table meter_away rename to meter')
  await agent.sync()
  await calm('success after a failure', (page) => last(page).getByText('No changes.').waitFor())

  // On paper there is nothing to press and no dark ground, and the history keeps its strip.
  await pages.wide.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await takePicture(pages.wide, 'print')
  const { wide } = pages
  for (const name of ['Sync now', 'Preview'])
    assert.ok(await wide.getByRole('button', { name, exact: true }).isHidden())
  for (const hidden of ['.badge', '.views', '.sync-line', '.history-filter'])
    assert.ok(await wide.locator(hidden).isHidden(), hidden)
  assert.ok(await wide.getByRole('group', { name: 'Days' }).isVisible())
  assert.equal(await wide.evaluate('getComputedStyle(document.documentElement).backgroundColor'), 'rgb(244, 246, 248)')
  await wide.goto(`${agent.url}/#/meters`)
  await wide.getByRole('table', { name: 'Meters' }).waitFor()
  assert.ok(await wide.getByRole('searchbox').isHidden())
  assert.ok(await wide.getByRole('link', { name: 'Download CSV' }).isHidden())
  await wide.emulateMedia({ media: 'screen', colorScheme: null })
})

test('several notices at once, and new runs above the ones that are read, shift nothing', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  await world.sync.query(earlierRuns)
  await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
  const changed = await agent.sync()
  const browse = await openBrowser(t)
  const open = async (width: number, height: number, hash = '') => {
    const touch = width < 900
    const { page } = await browse(`${agent.url}/${hash}`, {
      viewport: { width, height },
      hasTouch: touch,
      isMobile: touch,
    })
    return page
  }
  const openHistory = async (width: number, height: number) => {
    const page = await open(width, height)
    await page.getByRole('group', { name: 'Days' }).waitFor()
    await page.locator('tr.run').nth(20).waitFor()
    return page
  }
  const sizes = { wide: [1280, 900], large: [1920, 1080], tablet: [820, 1180], phone: [390, 844] } as const
  const tops = await Promise.all(
    Object.entries(sizes).map(async ([size, [width, height]]) => ({ size, page: await openHistory(width, height) })),
  )
  // A phone whose window begins at the head of the history.
  const reader = await openHistory(390, 844)
  await reader.evaluate(`document.querySelector('.history').scrollIntoView()`)
  // A phone with an open run in the lower half of its window.
  const opened = await open(390, 844, `#/runs/${changed.id}`)
  await opened.getByRole('region', { name: 'Changes' }).getByText('Renamed').first().waitFor()
  await opened.evaluate('document.querySelector(".run[data-open=true]").scrollIntoView({ block: "center" })')
  const listed = await open(1280, 900, '#/meters')
  const printed = await open(1280, 900, '#/meters')
  for (const page of [listed, printed]) await page.getByText('60 meters').waitFor()
  const histories = [...tops, { size: 'at the history', page: reader }, { size: 'with an open run', page: opened }]
  const pages = [...histories, { size: 'meters', page: listed }]
  const calm = async (state: string, ready: (page: Page) => Promise<unknown>) => {
    for (const { page } of histories) await ready(page)
    for (const { size, page } of pages) {
      const { sum, most } = await takeShift(page)
      assert.ok(sum < maxShift, `${state}, ${size}: ${sum} by ${most}`)
    }
  }
  const first = (page: Page) => page.locator('tr.run').first()
  await calm('load', (page) => first(page).waitFor())

  await world.source.query(`update meter set name = 'Renamed again' where external_id < 3`)
  await agent.sync()
  await calm('changes', (page) => first(page).locator('.run-count', { hasText: /2$/ }).waitFor())
  const outdated = 'A sync has made 2 changes since this list was loaded'
  for (const page of [listed, printed]) await page.getByText(outdated).waitFor()
  await printed.emulateMedia({ media: 'print' })
  assert.equal(
    await printed.evaluate(`getComputedStyle(document.querySelector('.notice-floating')).position`),
    'static',
  )
  assert.ok(await printed.getByRole('button', { name: 'Reload the list' }).isHidden())

  await world.source.query('delete from meter where external_id > 20')
  await world.source.query(`insert into meter (external_id, name) values (900, '  ')`)
  // Long enough for progress and *Cancel sync*, which go when the notices come.
  const openGate = await gate.close()
  const ended = agent.sync()
  for (const { page } of histories) await page.getByRole('button', { name: 'Cancel sync' }).waitFor()
  await openGate()
  await ended
  await calm('two notices', async (page) => {
    await page.getByText('40 deletions are held back').waitFor()
    await page.getByText('1 row of the Client System was rejected').waitFor()
    await first(page).getByText('40 held back').waitFor()
  })
  await world.source.query('alter table meter rename to meter_away')
  await agent.sync()
  await calm('three notices', async (page) => {
    await page.getByRole('alert').getByText('relation "meter" does not exist').waitFor()
    await first(page).getByText('Failed').waitFor()
  })
  await agent.sync()
  await calm('a second failure', (page) => page.getByText(/2 attempts, last success/).waitFor())
  await world.source.query('alter table meter_away rename to meter')
  await agent.sync()
  await calm('two notices again', async (page) => {
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await first(page).getByText('40 held back').waitFor()
  })
})
