import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureReads, openBrowser } from '../support/browser.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('the preview shows what a sync would do, column by column, and writes nothing; Sync now beside it does it', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 30)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`insert into meter (external_id, name) values (31, 'New meter'), (32, ' ')`)
  await world.source.query(`update meter set name = 'Renamed', unit = null where external_id = 2`)
  await world.source.query('delete from meter where external_id = 3')
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(agent.url)
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.getByRole('heading', { name: 'Preview', level: 1 }).and(page.locator(':focus')).waitFor()
  assert.match(page.url(), /#\/preview$/)
  const counts = page.getByRole('region', { name: 'What a sync would count' })
  await figureReads(counts, 'To insert', 1)
  await figureReads(counts, 'To update', 1)
  await figureReads(counts, 'To delete', 1)
  await counts.getByText('31 rows read, 28 unchanged, 1 would be rejected.').waitFor()
  await page.getByRole('status').getByText('Preview: 3 meters would change').waitFor()
  const changes = page.getByRole('region', { name: 'Changes' }).getByRole('listitem')
  const updated = changes.filter({ has: page.getByRole('link', { name: '2', exact: true }) })
  await updated.getByText('Update', { exact: true }).waitFor()
  const name = updated.locator('li', { hasText: /^name/ })
  await name.locator('del', { hasText: 'Meter 2' }).waitFor()
  await name.locator('ins', { hasText: 'Renamed' }).waitFor()
  await updated.locator('li', { hasText: /^unit/ }).getByText('none').waitFor()
  await changes.filter({ hasText: 'Insert' }).first().getByText('New meter').waitFor()
  await changes.filter({ hasText: 'Delete' }).getByRole('link', { name: '3', exact: true }).waitFor()
  const [{ runs } = { runs: 0 }] = await world.sync.query<{ runs: number }>(
    'select count(*)::int as runs from sync.run',
  )
  assert.equal(runs, 1)

  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByText('This preview is from before a sync').waitFor()
  await page.getByRole('link', { name: 'See what it did' }).waitFor()
  await page.getByRole('button', { name: 'Preview again' }).click()
  await page.getByText('Nothing would change', { exact: true }).waitFor()
  await page.getByRole('status').getByText('Preview: nothing would change.').waitFor()
  assert.equal(await page.getByText('This preview is from before a sync').count(), 0)
  assert.deepEqual(complaints, [])
})

test('the preview shows whether deletions would be held back, and that it lists the first hundred of many changes', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 150)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('delete from meter where external_id > 20')
  const browse = await openBrowser(t)
  const { page } = await browse(`${agent.url}/#/preview`)
  await page.getByText('130 deletions would be held back').first().waitFor()
  await page.getByText('more than 5 % of the meters are missing (DELETE_GUARD_PERCENT)').waitFor()
  await page.getByText('the first 100 of 130, by external id').waitFor()
  assert.equal(await page.getByRole('region', { name: 'Changes' }).getByText('Hold back').count(), 100)
})

test('while a run is active the preview waits for its end, shows the run, and then begins by itself', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  const browse = await openBrowser(t)
  const { page } = await browse(`${agent.url}/#/preview`)
  await page.getByText('Nothing would change', { exact: true }).waitFor()
  const open = await gate.close()

  // One that is asked for while the gate is closed shows that it reads.
  await page.getByRole('button', { name: 'Preview again' }).click()
  await page.getByRole('progressbar', { name: 'Preview progress' }).waitFor()
  await page.goto(`${agent.url}/#/`)
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByRole('progressbar', { name: 'Sync progress' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Preview' }).count(), 0)
  await page.evaluate(`location.hash = '#/preview'`)
  await page.getByText('The preview starts when it has ended.').waitFor()
  await page.getByRole('link', { name: 'See the run' }).waitFor()
  await page.getByRole('button', { name: 'Cancel sync' }).waitFor()
  await open()
  await page.getByText('Nothing would change', { exact: true }).waitFor()
})

test('a run that this page does not know yet prevents a preview: it is shown, and the preview follows it', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent()
  const run = await agent.settled()
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  await page.getByRole('button', { name: 'Preview' }).waitFor()
  const active = {
    ...run,
    id: '00000000-0000-4000-8000-000000000000',
    status: 'running',
    finishedAt: null,
    revision: run.revision + 1,
  }
  await page.route('**/api/preview', (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'run_active', detail: 'A sync is active', run: active }),
    }),
  )
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.getByText('The preview starts when it has ended.').waitFor()
  assert.match((await page.getByRole('link', { name: 'See the run' }).getAttribute('href')) ?? '', /#\/runs\/0000/)
  await page.unroute('**/api/preview')
  await agent.sync()
  await page.getByText('Nothing would change', { exact: true }).waitFor()
})

test('a preview that fails shows why and what to do next', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('alter table meter rename to meter_away')
  const browse = await openBrowser(t)
  const { page } = await browse(`${agent.url}/#/preview`)
  await page.getByText('The preview failed').waitFor()
  const alert = page.getByRole('alert')
  await alert.getByText('relation "meter" does not exist').waitFor()
  await alert.getByText('CLIENT_SYSTEM_QUERY').waitFor()
  await world.source.query('alter table meter_away rename to meter')
  await page.getByRole('button', { name: 'Preview again' }).click()
  await page.getByText('Nothing would change', { exact: true }).waitFor()
})
