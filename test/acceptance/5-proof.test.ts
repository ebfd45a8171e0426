import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status } from '../../src/wire/types.ts'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('a run shows that both sides are equal, and its details how the Client System was read', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 500)
  const agent = await world.agent()
  const first = await agent.settled()
  await world.source.query(`update meter set name = 'Renamed' where external_id = 2`)
  const run = await agent.sync()
  assert.equal(run.readMode, 'narrow')
  const digest = run.proof?.digest ?? ''
  assert.notEqual(digest, '')
  const browse = await openBrowser(t)
  const { page } = await browse(`${agent.url}/#/runs/${run.id}`)
  const mark = page.getByRole('region', { name: 'Last sync' }).getByText('Proven equal · 500 meters')
  assert.ok((await mark.getAttribute('title'))?.endsWith(`500 meters, by the digest ${digest}`))
  const details = page.getByRole('region', { name: 'Run history' })
  await details.getByText('Proven equal · 500 meters').waitFor()
  await details.getByText('Technical details').click()
  await details.getByText(digest, { exact: true }).waitFor()
  await details.getByText('Incremental', { exact: true }).waitFor()
  await page.evaluate(`location.hash = '#/runs/${first.id}'`)
  await details.getByText('Technical details').click()
  await details.getByText('Full because the agent started', { exact: true }).waitFor()
})

test('a run without a proof shows none', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent()
  const run = { ...(await agent.settled()), proof: null, readMode: null }
  const status = await agent.status()
  // A run of a version that had no proofs.
  const sent: Status = {
    ...status,
    clientSystems: status.clientSystems.map((system) => ({ ...system, lastRun: run, lastSuccess: run })),
  }
  const body = `retry: 600000\n\nevent: status\nid: ${run.revision}\ndata: ${JSON.stringify(sent)}\n\n`
  const browse = await openBrowser(t)
  const { page } = await browse('about:blank')
  await page.route('**/api/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }))
  await page.route('**/api/runs?*', (route) => route.fulfill({ json: { runs: [run], next: null } }))
  await page.goto(`${agent.url}/#/runs/${run.id}`)
  await page.getByRole('region', { name: 'Last sync' }).getByText('5 rows read').waitFor()
  await page.getByText('Technical details').click()
  await page.getByText('Time in each phase').waitFor()
  assert.equal(await page.getByText(/Proven|Incremental|^Full/).count(), 0)
})
