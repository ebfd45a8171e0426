import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureReads, holdRequests, takeShift } from '../support/browser.ts'
import { inspect, openPages } from '../support/inspect.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('the page shows which meters report, where, and since when the silent ones are silent', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 80)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'energy', now() - case when external_id::int <= 60 then interval '1 day' else interval '3 minutes' end, 1
    from sync.meter where external_id::int <= 75`)
  await agent.api('/api/readings', {
    method: 'POST',
    body: '[{"externalId":"8O","quantity":"energy","value":1,"readAt":"2026-01-01T00:00:00Z"}]',
  })
  const pages = await (await openPages(t))(`${agent.url}/#/collection`)
  await inspect(pages, 'collection', async (page) => {
    const summary = page.getByRole('region', { name: 'Collection' })
    await figureReads(summary, 'Silent', 60)
    await figureReads(summary, 'Reporting', 15)
    await figureReads(summary, 'Never reported', 5)
    await page.getByRole('row', { name: /^8O 1 / }).waitFor()
    await page.getByRole('row', { name: /Hall 1 electricity Reporting: \d+ 0 Silent: 9/ }).waitFor()
    await page.getByRole('table', { name: 'Silent meters' }).getByRole('row').nth(50).waitFor()
  })
  const { wide } = pages

  // The numbers do not wait for the groups, which move nothing when they come.
  const release = await holdRequests(wide, '**/api/collection/groups*')
  await wide.reload()
  await figureReads(wide.getByRole('region', { name: 'Collection' }), 'Silent', 60)
  await wide.getByRole('region', { name: 'By location and kind' }).getByText('Loading…').waitFor()
  await takeShift(wide)
  release()
  await wide.getByRole('row', { name: /^Hall 1/ }).waitFor()
  await wide.getByRole('table', { name: 'Silent meters' }).waitFor()
  const { sum, most } = await takeShift(wide)
  assert.ok(sum < 0.02, `${sum} by ${most}`)
  assert.match(await wide.title(), /^Collection · /)
  await wide.getByRole('button', { name: 'Show more' }).click()
  await wide.getByRole('table', { name: 'Silent meters' }).getByRole('row').nth(60).waitFor()
  await wide.getByRole('link', { name: 'Meters', exact: true }).click()
  await wide.getByRole('link', { name: 'Collection', exact: true }).click()
  // A number leads to the meters that it counts.
  await wide
    .getByRole('row', { name: /^Hall 1/ })
    .getByRole('link', { name: 'Silent: 9' })
    .click()
  await wide.getByText('9 of 80 meters', { exact: true }).waitFor()
  await wide.goBack()
  const link = wide.getByRole('table', { name: 'Silent meters' }).getByRole('link').first()
  await link.click()
  await wide.getByRole('region', { name: 'Readings', exact: true }).waitFor()
})
