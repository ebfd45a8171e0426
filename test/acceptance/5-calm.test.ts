import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { figureReads, takeShift } from '../support/browser.ts'
import { openEyes, takePicture } from '../support/eyes.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

/** The limit of the cumulative layout shift: what a reader looks at stays where it is. */
const maxShift = 0.02

const earlierRuns = `
  insert into sync.run (id, client_system_id, trigger, status, queued_at, started_at, finished_at, revision)
  select gen_random_uuid(), 'main', 'schedule', 'cancelled', at, at, at, 0
  from generate_series(now() - interval '25 hours', now() - interval '1 hour', interval '1 hour') at`

/** What can be pressed and is smaller than 44 pixels. Cells of the history are as wide as a day; a table has the same. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('a, button, summary, input, select')]
    .filter((element) => element.checkVisibility() && !element.matches('.strip-cell'))
    .map((element) => [element, element.closest('label:has(input[type=radio])') ?? element.closest('.run') ?? element])
    .map(([element, target]) => ({ element, ...target.getBoundingClientRect().toJSON() }))
    .filter(({ width, height }) => width < 43.5 || height < 43.5)
    .map(({ element, width, height }) => element.outerHTML.slice(0, 80) + ' ' + width + ' x ' + height)`)
}

test('the layout does not shift during a load or a sync, touch targets are large enough, and a print has no buttons', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  const eyes = await (await openEyes(t))(agent.url)
  const pages = Object.entries(eyes)
  const calm = async (state: string, ready: (page: Page) => Promise<unknown>) => {
    for (const [size, page] of pages) {
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

  for (const [, page] of pages) await page.evaluate(`location.hash = '#/meters'`)
  await calm('meters', (page) => page.getByText('60 meters').waitFor())
  for (const [, page] of pages) await page.evaluate(`location.hash = '#/'`)
  await calm('status', (page) => page.getByRole('group', { name: 'Days' }).waitFor())

  await agent.sync()
  await calm('short sync', (page) => last(page).getByText('No changes.').waitFor())
  const open = await gate.close()
  await world.source.query(`update meter set name = name || ' (new)' where external_id < 4`)
  await agent.api('/api/sync', { method: 'POST' })
  await calm('long sync', (page) => page.getByRole('progressbar', { name: 'Sync progress' }).waitFor())
  await open()
  await calm('end of a long sync', (page) => figureReads(last(page), 'Updated', 3))

  await eyes.phone
    .getByRole('button', { name: /^Succeeded/ })
    .first()
    .click()
  await eyes.phone.getByRole('insertion').first().waitFor()
  await eyes.phone.getByRole('group', { name: 'Days' }).getByRole('button').last().click()
  await eyes.phone.locator('summary', { hasText: 'Display' }).click()
  assert.deepEqual(await smallTargets(eyes.phone), [])
  await eyes.phone.goto(`${agent.url}/#/settings`)
  await eyes.phone.getByRole('region', { name: 'Settings of the agent' }).waitFor()
  assert.deepEqual(await smallTargets(eyes.phone), [])

  // The notice of a failure pushes down what is below it, but not the row that is being read.
  await world.sync.query(earlierRuns)
  await eyes.phone.goto(`${agent.url}/#/`)
  await eyes.phone.reload()
  const read = eyes.phone.locator('tr.run').nth(10)
  await read.scrollIntoViewIfNeeded()
  const before = await read.boundingBox()
  await world.source.query('alter table meter rename to meter_away')
  await agent.sync()
  await eyes.phone.getByRole('alert').waitFor()
  const after = await eyes.phone.locator('tr.run').nth(11).boundingBox()
  assert.ok(Math.abs((after?.y ?? 0) - (before?.y ?? 0)) < 30, `${before?.y} to ${after?.y}`)

  // On paper there is nothing to press and no dark ground, and the history keeps its strip.
  await eyes.wide.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await takePicture(eyes.wide, 'print')
  const { wide } = eyes
  for (const name of ['Sync now', 'Preview'])
    assert.ok(await wide.getByRole('button', { name, exact: true }).isHidden())
  for (const hidden of ['.badge', '.views', '.sync-line', '.history-filter'])
    assert.ok(await wide.locator(hidden).isHidden(), hidden)
  assert.ok(await wide.getByRole('group', { name: 'Days' }).isVisible())
  assert.equal(await wide.evaluate('getComputedStyle(document.documentElement).backgroundColor'), 'rgb(244, 246, 248)')
  await wide.emulateMedia({ media: 'screen', colorScheme: null })
})
