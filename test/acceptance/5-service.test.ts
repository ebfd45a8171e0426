import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../src/wire/types.ts'
import { figureReads, openBrowser } from '../support/browser.ts'
import { openGateway } from '../support/gateway.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createServer, createWorld } from '../support/world.ts'

test('R5.5, R8.11: with the Client System down at start, everything starts, shows the failure and recovers without a restart', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  const clientSystem = await createServer(t)
  await clientSystem.stop('fast')
  const agent = await world.process({
    CLIENT_SYSTEM_URL: clientSystem.url,
    CLIENT_SYSTEM_QUERY: `select '1' as external_id, 'One' as name`,
  })
  const failed = await agent.settled()
  assert.equal(failed.error?.code, 'source_unreachable')
  assert.equal((await agent.api('/readyz')).status, 200)
  const open = await openBrowser(t)
  const { page } = await open(agent.url)
  await page
    .getByRole('alert')
    .filter({ hasText: failed.error?.message ?? '?' })
    .waitFor()
  await clientSystem.start()
  await page.getByRole('button', { name: 'Sync now' }).click()
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 1)
  assert.equal(
    await page
      .getByRole('alert')
      .filter({ hasText: failed.error?.message ?? '?' })
      .count(),
    0,
  )
})

test('R5.6: after a restart the last times, counts and errors are still shown', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const first = await world.process()
  const success = await first.settled()
  await world.source.query('drop table meter')
  await first.sync()
  const failure = await first.sync()
  const before = await first.api<{ runs: Run[] }>('/api/runs')
  await first.stop()
  const again = await world.process({ ROLE: 'api' })
  assert.deepEqual((await again.api<{ runs: Run[] }>('/api/runs')).body, before.body)
  const status = (await again.status()).clientSystems[0]
  assert.deepEqual(status?.lastSuccess?.counts, success.counts)
  assert.deepEqual(status?.lastFailure?.error, failure.error)
  const open = await openBrowser(t)
  const { page } = await open(again.url)
  const last = page.getByRole('region', { name: 'Last sync' })
  assert.equal(await last.locator('time').first().getAttribute('datetime'), success.finishedAt)
  await figureReads(last, 'Inserted', 5)
  await page
    .getByRole('alert')
    .filter({ hasText: failure.error?.message ?? '?' })
    .waitFor()
  await page
    .locator('.headline')
    .getByText(/^Failing for \d+ m?s/)
    .waitFor()
  await page.locator('.headline').getByText('2 attempts').waitFor()
})

test('R5.7: never synced is shown as its own state, neither healthy nor failed', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const status = (await agent.status()).clientSystems[0]
  assert.equal(status?.freshness, 'never')
  assert.deepEqual([status?.lastRun, status?.lastSuccess, status?.lastFailure], [null, null, null])
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  await page.getByText('Never synced').first().waitFor()
  assert.equal(await page.getByRole('alert').filter({ hasText: /./ }).count(), 0)
  // The key of the history names every outcome.
  const stated = (await page.locator('.glance, .overview').allInnerTexts()).join()
  assert.match(stated, /Never synced/)
  assert.doesNotMatch(stated, /in sync|failed/i)
  assert.deepEqual(complaints, [])
})

test('R4.6: the page shows when no worker is running, with a queued run or without, and when one has started', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({ ROLE: 'api' })
  const open = await openBrowser(t)
  const { page } = await open(agent.url)
  await page.getByText('No worker is running', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByText('Queued, no worker is running').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Queued', exact: true }).isDisabled())
  assert.equal(await page.getByText('Syncing…').count(), 0)
  const worker = await world.agent({ ROLE: 'worker' })
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 3)
  assert.equal((await agent.status()).clientSystems[0]?.workers, 1)
  await page.getByText('No worker is running', { exact: true }).waitFor({ state: 'detached' })
  await worker.stop()
  await page.getByText('No worker is running', { exact: true }).waitFor()
})

test('F23: the page shows when it is not live, and is correct again by itself after a restart', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const first = await world.process()
  await first.settled()
  const { port } = new URL(first.url)
  const open = await openBrowser(t)
  const { page } = await open(first.url)
  await page.getByText('Live', { exact: true }).waitFor()
  await first.stop()
  await page.getByText('Not live', { exact: true }).waitFor()
  await world.source.query(`insert into meter (external_id, name) values (99, 'While down')`)
  await world.process({ PORT: port })
  await page.getByText('Live', { exact: true }).waitFor()
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 1)
})

test('F23: a tab that was hidden for long, or that lost the network, is live and correct by itself when it is back', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const gateway = await openGateway(t, agent.url)
  const open = await openBrowser(t)
  const { page } = await open(gateway.url)
  await page.clock.install()
  await page.reload()
  const live = page.getByText('Live', { exact: true })
  const notLive = page.getByText('Not live', { exact: true })
  const last = page.getByRole('region', { name: 'Last sync' })
  const setHidden = (hidden: boolean) =>
    page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} })
      document.dispatchEvent(new Event('visibilitychange'))`)
  await live.waitFor()

  await setHidden(true)
  await page.clock.fastForward('06:00')
  await notLive.waitFor()
  await world.source.query(`insert into meter (external_id, name) values (98, 'While hidden')`)
  await agent.sync()
  await figureReads(last, 'Inserted', 3)
  await setHidden(false)
  await live.waitFor()
  await figureReads(last, 'Inserted', 1)

  await page.context().setOffline(true)
  gateway.cut()
  await notLive.waitFor()
  await world.source.query(`insert into meter (external_id, name) values (99, 'While offline'), (100, 'As well')`)
  await agent.sync()
  await page.context().setOffline(false)
  await live.waitFor()
  await figureReads(last, 'Inserted', 2)
})

test('progress with its phase and rows is on the page while a run is active', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const open = await gate.close()
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await gate.untilReached()
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  await page.getByRole('progressbar', { name: 'Sync progress' }).waitFor()
  assert.match(await page.locator('main').innerText(), /reading/i)
  await open()
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 3)
})
