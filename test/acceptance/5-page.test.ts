import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { figureReads } from '../support/browser.ts'
import { findWideCounts, inspect, openPages, showAddress, takePicture } from '../support/inspect.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('R4.5, R5.10: every view in every state has no accessibility violation, in light and dark, wide and on a phone', {
  timeout: 110_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const openAt = await openPages(t)
  const idle = await world.agent({ ROLE: 'api' })
  const pages = await openAt(idle.url)
  await inspect(pages, 'never', (page) => page.getByText('Never synced').waitFor())
  await showAddress(pages, '#/meters')
  await inspect(pages, 'meters-empty', (page) => page.getByText('No meters yet.').waitFor())
  await idle.stop()

  const open = await gate.close()
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await gate.untilReached()
  await Promise.all(Object.values(pages).map((page) => page.goto(agent.url)))
  await inspect(pages, 'running', (page) => page.getByRole('progressbar', { name: 'Sync progress' }).waitFor())

  await pages.wide.getByRole('button', { name: 'Cancel sync' }).click()
  await pages.wide.getByRole('button', { name: 'Press again to cancel' }).click()
  await inspect(pages, 'cancelled', (page) => page.getByText('Cancelled · nothing was changed').waitFor())
  await open()

  await agent.sync()
  await world.source.query(`update meter set name = name || ' (new)', unit = null where external_id < 4`)
  const changed = await agent.sync()
  await inspect(pages, 'in-sync', (page) => figureReads(page.getByRole('region', { name: 'Last sync' }), 'Updated', 3))
  await showAddress(pages, `#/runs/${changed.id}`)
  await inspect(pages, 'run', async (page) => {
    await page.getByRole('insertion').filter({ hasText: 'Meter 3 (new)' }).waitFor()
    await page.locator('summary', { hasText: 'Technical details' }).click()
    await page.getByRole('group', { name: 'Days' }).getByRole('button').last().click()
    await page.locator('summary', { hasText: 'Display' }).click()
  })
  for (const page of Object.values(pages))
    assert.match(await page.title(), /^Run of \d.* · In sync · Meter Sync Agent$/)

  await world.source.query('delete from meter where external_id > 20')
  await world.source.query(`insert into meter (external_id, name) values (900, '  ')`)
  const withheld = await agent.sync()
  assert.deepEqual([withheld.counts?.withheld, withheld.counts?.rejected], [40, 1])
  await inspect(pages, 'withheld', (page) => page.getByText('40 deletions are held back').waitFor())
  await showAddress(pages, `#/runs/${withheld.id}/rejected`)
  await inspect(pages, 'rejected', (page) =>
    page
      .getByRole('region', { name: 'Rejected rows' })
      .locator('.wrong', { hasText: 'name' })
      .getByText('name is blank')
      .waitFor(),
  )
  await inspect(pages, 'approve', async (page) => {
    await page.getByRole('button', { name: 'Approve…' }).click()
    const meters = page.getByRole('dialog').getByRole('region', { name: 'Meters held back' }).getByRole('listitem')
    await meters.filter({ hasText: 'Meter 21' }).filter({ hasText: 'no reading' }).waitFor()
    assert.equal(await meters.count(), 40)
  })
  for (const page of Object.values(pages)) await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await inspect(pages, 'keep', async (page) => {
    await page.getByRole('button', { name: 'Keep for now…' }).click()
    await page.getByRole('textbox', { name: 'Note' }).fill('These meters are replaced this week')
  })
  await pages.phone.getByRole('button', { name: 'Cancel', exact: true }).click()
  await pages.wide.getByRole('button', { name: 'Keep for now', exact: true }).click()
  await inspect(pages, 'kept', (page) => page.getByText('40 deletions held back, kept for now since').waitFor())
  await pages.phone.getByRole('button', { name: 'Undo “Keep for now”' }).click()
  await pages.wide.getByText('40 deletions are held back').waitFor()

  await showAddress(pages, '#/meters/1')
  for (const page of Object.values(pages))
    await page.getByRole('region', { name: 'History', exact: true }).getByText('Meter 1 (new)').waitFor()
  for (const page of Object.values(pages)) assert.match(await page.title(), /^Meter 1 · ! Deletions held back · /)
  await showAddress(pages, '#/settings')
  await inspect(pages, 'settings', async (page) => {
    await page
      .getByRole('region', { name: 'Settings of the agent' })
      .getByText(/^test_\w+ on .*, without TLS$/)
      .waitFor()
    await page.getByRole('region', { name: 'Settings of Client System' }).getByText('1', { exact: true }).waitFor()
  })
  await showAddress(pages, `#/meters?q=nowhere`)
  await pages.wide.getByText('No meter has “nowhere”').waitFor()
  assert.match(await pages.wide.title(), /^Meters · /)
  await showAddress(pages, `#/?outcome=cancelled&trigger=startup`)
  await inspect(pages, 'filtered', async (page) => {
    await page.locator('tr.run').filter({ hasText: 'Cancelled' }).waitFor()
    assert.equal(await page.locator('tr.run').count(), 1)
  })

  await showAddress(pages, `#/`)
  await world.source.query('alter table meter rename to meter_away')
  const failed = await agent.sync()
  await inspect(pages, 'failed', (page) =>
    page
      .getByRole('alert')
      .getByText(failed.error?.message ?? '?')
      .waitFor(),
  )
  await agent.stop()
  await inspect(pages, 'not-live', (page) => page.getByText('Not live', { exact: true }).waitFor())

  // Numbers of seven digits fit a phone.
  await world.sync.query(`delete from sync.run where status = 'failed'`)
  await world.sync.query(
    'update sync.run set inserted = 1234567, updated = 7654321, deleted = 1000000, withheld = 0, rejected = 0',
  )
  const large = await world.agent({ ROLE: 'api' }, { demonstration: true })
  await pages.phone.goto(large.url)
  await figureReads(pages.phone.getByRole('region', { name: 'Last sync' }), 'Inserted', '1,234,567')
  await pages.phone
    .getByRole('button', { name: /^Succeeded/ })
    .first()
    .waitFor()
  await takePicture(pages.phone, 'millions-phone-light')
  assert.deepEqual(await findWideCounts(pages.phone), [])

  // A demonstration says what it is, and how to connect a real system.
  await pages.phone.getByText('Demonstration', { exact: true }).waitFor()
  await pages.phone.getByRole('link', { name: 'Settings', exact: true }).click()
  await pages.phone.getByText('This is a demonstration').waitFor()
  await pages.phone.getByRole('link', { name: 'Open the guide to connecting a system' }).click()
  await pages.phone.getByRole('heading', { level: 1 }).waitFor()
  assert.match(pages.phone.url(), /\/guides\/connect\.html$/)
})

test('R5.10: login and preview have no accessibility violation in any state, in light and dark, wide and on a phone', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const token = 'the-token-of-the-administrator'
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query, AUTH_TOKEN: token })
  const pages = await (await openPages(t))(`${agent.url}/#/preview`)
  const send = async (page: Page, given: string) => {
    await page.getByLabel('Token').fill(given)
    await page.getByRole('button', { name: 'Log in' }).click()
  }
  await inspect(pages, 'login', (page) => page.getByRole('heading', { name: 'Log in' }).waitFor())
  await inspect(pages, 'login-refused', async (page) => {
    await send(page, 'a guess')
    await page.getByText('That token is not correct.').waitFor()
  })
  await inspect(pages, 'preview-empty', async (page) => {
    await send(page, token)
    await page.getByText('Nothing would change', { exact: true }).waitFor()
  })

  await showAddress(pages, '#/')
  await inspect(pages, 'logged-in', (page) => page.getByRole('button', { name: 'Log out' }).waitFor())

  await world.source.query(`update meter set name = name || ' (new)', unit = null where external_id < 4`)
  await world.source.query(
    `insert into meter (external_id, name, kind, port) values (900, 'Boiler house', 'heat', 502)`,
  )
  await world.source.query('delete from meter where external_id = 60')
  await showAddress(pages, '#/preview')
  const again = (page: Page) => page.getByRole('button', { name: 'Preview again' }).click()
  await inspect(pages, 'preview', (page) => page.getByText('Boiler house').waitFor())
  await world.source.query('delete from meter where external_id > 20 and external_id < 900')
  await inspect(pages, 'preview-withheld', async (page) => {
    await again(page)
    await page.getByText('40 deletions would be held back', { exact: true }).waitFor()
  })
  const open = await gate.close()
  await inspect(pages, 'preview-reading', async (page) => {
    await again(page)
    await page.getByRole('progressbar', { name: 'Preview progress' }).waitFor()
  })
  await pages.wide.getByRole('button', { name: 'Sync now' }).click()
  await open()
  await inspect(pages, 'preview-outdated', (page) => page.getByText('This preview is from before a sync').waitFor())
  await world.source.query('alter table meter rename to meter_away')
  await inspect(pages, 'preview-refused', async (page) => {
    await again(page)
    await page.getByText('The preview failed').waitFor()
  })
})
