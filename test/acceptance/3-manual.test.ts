import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureReads, openBrowser } from '../support/browser.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

test('3.1, 3.2, 3.4 the button on the page starts a sync at once, and its results show without a reload', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process()
  await agent.settled()
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  const button = page.getByRole('button', { name: 'Sync now' })
  const last = page.getByRole('region', { name: 'Last sync' })
  await last.getByText('Inserted').waitFor()
  await world.source.query(`insert into meter (external_id, name) values (50, 'A'), (51, 'B')`)
  await world.source.query(`update meter set name = 'C' where external_id = 1`)
  await world.source.query(`delete from meter where external_id in (2, 3)`)
  await page.evaluate(() => Object.assign(globalThis, { neverReloaded: true }))
  const clicked = Date.now()
  await button.click()
  await figureReads(last, 'Inserted', 2)
  await figureReads(last, 'Updated', 1)
  await figureReads(last, 'Deleted', 2)
  assert.ok(await page.evaluate(() => 'neverReloaded' in globalThis))
  const [run] = await world.sync.query<{ picked: number; trigger: string }>(
    `select trigger, extract(epoch from started_at - queued_at)::float8 as picked from sync.run order by queued_at desc limit 1`,
  )
  assert.equal(run?.trigger, 'manual')
  assert.ok((run?.picked ?? 9) < 0.9, `picked up after ${run?.picked} s`)
  assert.ok(Date.now() - clicked < 10_000)
  assert.deepEqual(complaints, [])
})

test('3.3 while a run is in progress, wherever it was started, the button on every open page is disabled and loading', async (t) => {
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

test('3.5, 4.4 a failure shows its message, hint and time; the last success stays beside it with its own counts', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 7)
  const agent = await world.agent()
  await agent.settled()
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  const last = page.getByRole('region', { name: 'Last sync' })
  await figureReads(last, 'Inserted', 7)
  const success = await last.locator('time').first().getAttribute('datetime')
  await world.source.query('alter table meter rename to meter_away')
  await page.getByRole('button', { name: 'Sync now' }).click()
  const alert = page.getByRole('alert').filter({ hasText: 'meter' })
  await alert.waitFor()
  const failed = (await agent.status()).clientSystems[0]?.lastFailure
  const text = (await alert.innerText()).replace(/\s+/g, ' ')
  assert.ok(text.includes(failed?.error?.message ?? '?'), text)
  assert.ok(text.includes(failed?.error?.hint ?? '?'), text)
  assert.equal(await alert.locator('time').first().getAttribute('datetime'), failed?.finishedAt)
  assert.equal(await last.locator('time').first().getAttribute('datetime'), success)
  await figureReads(last, 'Inserted', 7)
  await eventually(async () => /fail/i.test(await page.title()))
  await world.source.query('alter table meter_away rename to meter')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await alert.waitFor({ state: 'detached' })
  await figureReads(last, 'Inserted', 0)
  assert.deepEqual(complaints, [])
})
