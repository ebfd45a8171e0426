import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureReads, openBrowser } from '../support/browser.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

test('a sync from the page', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process()
  await agent.settled()
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  const button = page.getByRole('button', { name: 'Sync now' })
  const last = page.getByRole('region', { name: 'Last sync' })
  await figureReads(last, 'Inserted', 3)
  await world.source.query(`insert into meter (external_id, name) values (50, 'A'), (51, 'B')`)
  await world.source.query(`update meter set name = 'C' where external_id = 1`)
  await world.source.query(`delete from meter where external_id in (2, 3)`)

  await t.test('R3.1: the Sync Status page shows a button that triggers a sync', async () => {
    assert.ok(await button.isEnabled())
    await page.evaluate(() => Object.assign(globalThis, { neverReloaded: true }))
    await button.click()
  })

  await t.test('R3.4: when it completes the page shows inserted, updated and deleted without a reload', async () => {
    await figureReads(last, 'Inserted', 2)
    await figureReads(last, 'Updated', 1)
    await figureReads(last, 'Deleted', 2)
    assert.ok(await page.evaluate(() => 'neverReloaded' in globalThis))
  })

  await t.test('R3.2: the click starts a run at once: the job is picked up within a second', async () => {
    const [run] = await world.sync.query<{ picked: number; trigger: string }>(
      `select trigger, extract(epoch from started_at - queued_at)::float8 as picked from sync.run order by queued_at desc limit 1`,
    )
    assert.equal(run?.trigger, 'manual')
    assert.ok((run?.picked ?? 9) < 0.9, `picked up after ${run?.picked} s`)
  })
  assert.deepEqual(complaints, [])
})

test('R3.3: while a run is in progress, wherever it was started, the button on every open page is disabled and loading', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const environment = { CLIENT_SYSTEM_QUERY: gate.query }
  const first = await world.process(environment)
  const second = await world.process({ ...environment, ROLE: 'api' })
  await first.settled()
  const browse = await openBrowser(t)
  const pages = await Promise.all([first.url, first.url, second.url].map(async (url) => (await browse(url)).page))
  for (const page of pages) await page.getByRole('button', { name: 'Sync now' }).waitFor()
  const open = await gate.close()
  assert.equal((await second.api('/api/sync', { method: 'POST' })).status, 202)
  for (const page of pages) {
    const button = page.getByRole('button', { name: 'Syncing…' })
    await button.waitFor()
    assert.ok(await button.isDisabled())
    await page.getByRole('progressbar', { name: 'Sync progress' }).waitFor()
  }
  await open()
  for (const page of pages) {
    const button = page.getByRole('button', { name: 'Sync now' })
    await button.waitFor()
    assert.ok(await button.isEnabled())
    assert.equal(await page.getByRole('progressbar', { name: 'Sync progress' }).count(), 0)
  }
})

test('a sync that fails, on the page', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 7)
  const agent = await world.agent()
  await agent.settled()
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  const last = page.getByRole('region', { name: 'Last sync' })
  const alert = page.getByRole('alert').filter({ hasText: 'meter' })
  await figureReads(last, 'Inserted', 7)
  const success = await last.locator('time').first().getAttribute('datetime')
  await world.source.query('alter table meter rename to meter_away')
  await page.getByRole('button', { name: 'Sync now' }).click()

  await t.test('R3.5: when it fails the page shows the error and what to do', async () => {
    await alert.waitFor()
    const failed = (await agent.status()).clientSystems[0]?.lastFailure
    const text = (await alert.innerText()).replace(/\s+/g, ' ')
    assert.ok(text.includes(failed?.error?.message ?? '?'), text)
    assert.ok(text.includes(failed?.error?.hint ?? '?'), text)
    await eventually(async () => /fail/i.test(await page.title()))
    assert.match(text, /^The query does not work on the Client System/)
    await page.getByText(/^Nothing was changed\. Next attempt in \d+ minutes\.$/).waitFor()
    const opened = page.context().waitForEvent('page')
    await page.getByRole('link', { name: 'Open the guide to this error' }).click()
    const guide = await opened
    await guide.getByRole('heading', { name: 'source_query' }).waitFor()
    assert.equal(new URL(guide.url()).hash, '#source_query')
    await guide.close()
  })

  await t.test('R4.4: the page shows when it failed, and the last success beside it with its own counts', async () => {
    const failed = (await agent.status()).clientSystems[0]?.lastFailure
    assert.equal(await alert.locator('time').first().getAttribute('datetime'), failed?.finishedAt)
    assert.equal(await last.locator('time').first().getAttribute('datetime'), success)
    await figureReads(last, 'Inserted', 7)
  })

  await t.test('R4.4: after the next success the failure is in the history only', async () => {
    await world.source.query('alter table meter_away rename to meter')
    await page.getByRole('button', { name: 'Sync now' }).click()
    await alert.waitFor({ state: 'detached' })
    await figureReads(last, 'Inserted', 0)
    await page.getByRole('region', { name: 'Run history' }).getByRole('table').getByText('Failed').first().waitFor()
  })
  assert.deepEqual(complaints, [])
})
