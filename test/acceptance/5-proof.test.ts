import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run, Status } from '../../src/events.ts'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const digest = '-8070450532247928832'
const proven: Pick<Run, 'proof' | 'readMode'> = { proof: { rows: 12_345, digest }, readMode: 'narrow' }

test('a run that proved both sides equal says so quietly, and another one says nothing', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent()
  const run = await agent.settled()
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  const last = page.getByRole('region', { name: 'Last sync' })
  await last.getByText('5 rows').waitFor()
  if (run.proof === null) assert.equal(await page.getByText('Proven equal').count(), 0)

  const status = await agent.status()
  const told: Status = {
    ...status,
    clientSystems: status.clientSystems.map((system) => ({ ...system, lastSuccess: { ...run, ...proven } })),
  }
  const body = `retry: 600000\n\nevent: status\nid: ${run.revision}\ndata: ${JSON.stringify(told)}\n\n`
  await page.route('**/api/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }))
  await page.route('**/api/runs?*', (route) => route.fulfill({ json: { runs: [{ ...run, ...proven }], next: null } }))
  await page.reload()
  const mark = last.getByText('Proven equal · 12,345 meters')
  assert.match((await mark.getAttribute('title')) ?? '', new RegExp(`12,345 meters, by the digest ${digest}$`))
  await page.evaluate(`location.hash = '#/runs/${run.id}'`)
  const details = page.getByRole('region', { name: 'Run history' })
  await details.getByText('Proven equal · 12,345 meters').waitFor()
  await details.getByText(digest, { exact: true }).waitFor()
  await details.getByText('Read only what differs').waitFor()
})

test('the details of a run say that the Client System was read in full', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent()
  const run = await agent.settled()
  const browse = await openBrowser(t)
  const { page } = await browse(`${agent.url}/#/runs/${run.id}`)
  await page.getByText('Read in full', { exact: true }).waitFor()
})
