import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { figureReads } from '../support/browser.ts'
import { inspect, lead, openEyes, takePicture, wideCounts } from '../support/eyes.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('R5.10: every view in every state has no accessibility violation, in light and dark, wide and on a phone', {
  timeout: 80_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const look = await openEyes(t)
  const idle = await world.agent({ ROLE: 'api' })
  const eyes = await look(idle.url)
  await inspect(eyes, 'never', (page) => page.getByText('Never synced').waitFor())
  await lead(eyes, '#/meters')
  await inspect(eyes, 'meters-empty', (page) => page.getByText('No meters yet.').waitFor())
  await idle.stop()

  const open = await gate.close()
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await gate.untilReached()
  await Promise.all(Object.values(eyes).map((page) => page.goto(agent.url)))
  await inspect(eyes, 'running', (page) => page.getByRole('progressbar', { name: 'Sync progress' }).waitFor())

  await eyes.wide.getByRole('button', { name: 'Cancel sync' }).click()
  await eyes.wide.getByRole('button', { name: 'Press again to cancel' }).click()
  await inspect(eyes, 'cancelled', (page) => page.getByText('Cancelled · nothing was changed').waitFor())
  await open()

  await agent.sync()
  await world.source.query(`update meter set name = name || ' (new)', unit = null where external_id < 4`)
  const changed = await agent.sync()
  await inspect(eyes, 'in-sync', (page) => figureReads(page.getByRole('region', { name: 'Last sync' }), 'Updated', 3))
  await lead(eyes, `#/runs/${changed.id}`)
  await inspect(eyes, 'run', async (page) => {
    await page.getByRole('insertion').filter({ hasText: 'Meter 3 (new)' }).waitFor()
    await page.locator('summary', { hasText: 'Technical details' }).click()
    await page.getByRole('group', { name: 'Days' }).getByRole('button').last().click()
    await page.locator('summary', { hasText: 'Display' }).click()
  })
  for (const page of Object.values(eyes)) assert.match(await page.title(), /^Run of \d.* · In sync · Meter Sync Agent$/)

  await world.source.query('delete from meter where external_id > 20')
  await world.source.query(`insert into meter (external_id, name) values (900, '  ')`)
  const withheld = await agent.sync()
  assert.deepEqual([withheld.counts?.withheld, withheld.counts?.rejected], [40, 1])
  await inspect(eyes, 'withheld', (page) => page.getByText('40 deletions are held back').waitFor())
  await lead(eyes, `#/runs/${withheld.id}/rejected`)
  await inspect(eyes, 'rejected', (page) =>
    page
      .getByRole('region', { name: 'Rejected rows' })
      .locator('.wrong', { hasText: 'name' })
      .getByText('name is blank')
      .waitFor(),
  )
  await inspect(eyes, 'approve', async (page) => {
    await page.getByRole('button', { name: 'Approve…' }).click()
    const meters = page.getByRole('dialog').getByRole('region', { name: 'Meters held back' }).getByRole('listitem')
    await meters.filter({ hasText: 'Meter 21' }).filter({ hasText: 'no reading' }).waitFor()
    assert.equal(await meters.count(), 40)
  })
  for (const page of Object.values(eyes)) await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await inspect(eyes, 'keep', async (page) => {
    await page.getByRole('button', { name: 'Keep for now…' }).click()
    await page.getByRole('textbox', { name: 'Note' }).fill('These meters are replaced this week')
  })
  await eyes.phone.getByRole('button', { name: 'Cancel', exact: true }).click()
  await eyes.wide.getByRole('button', { name: 'Keep for now', exact: true }).click()
  await inspect(eyes, 'kept', (page) => page.getByText('40 deletions held back, kept for now since').waitFor())
  await eyes.phone.getByRole('button', { name: 'Undo “Keep for now”' }).click()
  await eyes.wide.getByText('40 deletions are held back').waitFor()

  await lead(eyes, '#/meters/1')
  for (const page of Object.values(eyes))
    await page.getByRole('region', { name: 'History', exact: true }).getByText('Meter 1 (new)').waitFor()
  for (const page of Object.values(eyes)) assert.match(await page.title(), /^Meter 1 · ! Deletions held back · /)
  await lead(eyes, '#/settings')
  await inspect(eyes, 'settings', async (page) => {
    await page
      .getByRole('region', { name: 'Settings of the agent' })
      .getByText(/^test_\w+ on .*, without TLS$/)
      .waitFor()
    await page.getByRole('region', { name: 'Settings of Client System' }).getByText('1', { exact: true }).waitFor()
  })
  await lead(eyes, `#/meters?q=nowhere`)
  await eyes.wide.getByText('No meter has “nowhere”').waitFor()
  assert.match(await eyes.wide.title(), /^Meters · /)
  await lead(eyes, `#/?outcome=cancelled&trigger=startup`)
  await inspect(eyes, 'filtered', async (page) => {
    await page.locator('tr.run').filter({ hasText: 'Cancelled' }).waitFor()
    assert.equal(await page.locator('tr.run').count(), 1)
  })

  await lead(eyes, `#/`)
  await world.source.query('alter table meter rename to meter_away')
  const failed = await agent.sync()
  await inspect(eyes, 'failed', (page) =>
    page
      .getByRole('alert')
      .getByText(failed.error?.message ?? '?')
      .waitFor(),
  )
  await agent.stop()
  await inspect(eyes, 'not-live', (page) => page.getByText('Not live', { exact: true }).waitFor())

  // Numbers of seven digits fit a phone.
  await world.sync.query(`delete from sync.run where status = 'failed'`)
  await world.sync.query(
    'update sync.run set inserted = 1234567, updated = 7654321, deleted = 1000000, withheld = 0, rejected = 0',
  )
  const large = await world.agent({ ROLE: 'api' }, { demonstration: true })
  await eyes.phone.goto(large.url)
  await figureReads(eyes.phone.getByRole('region', { name: 'Last sync' }), 'Inserted', '1,234,567')
  await eyes.phone
    .getByRole('button', { name: /^Succeeded/ })
    .first()
    .waitFor()
  await takePicture(eyes.phone, 'millions-phone-light')
  assert.deepEqual(await wideCounts(eyes.phone), [])

  // A demonstration says what it is, and how to connect a real system.
  await eyes.phone.getByText('Demonstration', { exact: true }).waitFor()
  await eyes.phone.getByRole('link', { name: 'Settings', exact: true }).click()
  await eyes.phone.getByText('This is a demonstration').waitFor()
  await eyes.phone.getByRole('link', { name: 'Open the guide to connecting a system' }).click()
  await eyes.phone.getByRole('heading', { level: 1 }).waitFor()
  assert.match(eyes.phone.url(), /\/guides\/connect\.html$/)
})

test('R5.10: login and preview have no accessibility violation in any state, in light and dark, wide and on a phone', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const token = 'the-token-of-the-administrator'
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query, AUTH_TOKEN: token })
  const eyes = await (await openEyes(t))(`${agent.url}/#/preview`)
  const send = async (page: Page, given: string) => {
    await page.getByLabel('Token').fill(given)
    await page.getByRole('button', { name: 'Log in' }).click()
  }
  await inspect(eyes, 'login', (page) => page.getByRole('heading', { name: 'Log in' }).waitFor())
  await inspect(eyes, 'login-refused', async (page) => {
    await send(page, 'a guess')
    await page.getByText('That token is not correct.').waitFor()
  })
  await inspect(eyes, 'preview-empty', async (page) => {
    await send(page, token)
    await page.getByText('Nothing would change', { exact: true }).waitFor()
  })

  await lead(eyes, '#/')
  await inspect(eyes, 'logged-in', (page) => page.getByRole('button', { name: 'Log out' }).waitFor())

  await world.source.query(`update meter set name = name || ' (new)', unit = null where external_id < 4`)
  await world.source.query(
    `insert into meter (external_id, name, kind, port) values (900, 'Boiler house', 'heat', 502)`,
  )
  await world.source.query('delete from meter where external_id = 60')
  await lead(eyes, '#/preview')
  const again = (page: Page) => page.getByRole('button', { name: 'Preview again' }).click()
  await inspect(eyes, 'preview', (page) => page.getByText('Boiler house').waitFor())
  await world.source.query('delete from meter where external_id > 20 and external_id < 900')
  await inspect(eyes, 'preview-withheld', async (page) => {
    await again(page)
    await page.getByText('40 deletions would be held back', { exact: true }).waitFor()
  })
  const open = await gate.close()
  await inspect(eyes, 'preview-reading', async (page) => {
    await again(page)
    await page.getByRole('progressbar', { name: 'Preview progress' }).waitFor()
  })
  await eyes.wide.getByRole('button', { name: 'Sync now' }).click()
  await open()
  await inspect(eyes, 'preview-outdated', (page) => page.getByText('This preview is from before a sync').waitFor())
  await world.source.query('alter table meter rename to meter_away')
  await inspect(eyes, 'preview-refused', async (page) => {
    await again(page)
    await page.getByText('The preview failed').waitFor()
  })
})
