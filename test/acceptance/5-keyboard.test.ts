import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureReads, openBrowser } from '../support/browser.ts'
import { tabTo } from '../support/keyboard.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { webhookEnvironment } from '../support/receiver.ts'
import { createWorld, eventually } from '../support/world.ts'

test('R5.10: everything works by keyboard alone: sync, cancel, open a run, approve, filter, find a meter', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(agent.url)
  const { keyboard } = page
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const last = page.getByRole('region', { name: 'Last sync' })
  await figureReads(last, 'Inserted', 60)

  // A sync, cancelled by two presses, and another one that ends.
  const open = await gate.close()
  await tabTo(page, button('Sync now'))
  await keyboard.press('Enter')
  await button('Syncing…').waitFor()
  await tabTo(page, button('Cancel sync'))
  await keyboard.press('Enter')
  await button('Press again to cancel').waitFor()
  await keyboard.press('Escape')
  await button('Cancel sync').waitFor()
  await keyboard.press('Enter')
  await keyboard.press('Space')
  await page.getByText('Cancelled · nothing was changed').waitFor()
  await button('Sync now').and(page.locator(':focus')).waitFor()
  await open()
  await world.source.query('delete from meter where external_id > 20')
  await keyboard.press('Enter')
  await page.getByText('40 deletions are held back').waitFor()

  // The deletions are kept for now with a note, and that is undone.
  await tabTo(page, button('Keep for now…'))
  await keyboard.press('Enter')
  await tabTo(
    page,
    page.getByRole('dialog', { name: 'Keep 40 meters for now?' }).getByRole('textbox', { name: 'Note' }),
  )
  await keyboard.type('Replaced this week')
  await keyboard.press('Enter')
  await page.getByText('40 deletions held back, kept for now since').getByText('“Replaced this week”').waitFor()
  await page.locator('.headline').getByText('In sync, except kept meters').waitFor()
  assert.match(await page.title(), /^In sync, except kept meters/)
  await tabTo(page, button('Undo “Keep for now”'))
  await keyboard.press('Enter')
  await page.getByText('40 deletions are held back').waitFor()

  // A wrong number approves nothing; Escape closes; the right number deletes.
  await tabTo(page, button('Approve…'))
  await keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Deactivate 40 meters?' })
  await tabTo(page, dialog.getByRole('textbox'))
  await keyboard.type('39')
  await keyboard.press('Enter')
  assert.ok(await dialog.getByRole('button', { name: 'Deactivate 40 meters' }).isDisabled())
  await keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await button('Approve…').and(page.locator(':focus')).waitFor()
  await keyboard.press('Enter')
  await tabTo(page, dialog.getByRole('textbox'))
  await keyboard.type('40')
  await keyboard.press('Enter')
  await figureReads(last, 'Deleted', 40)
  const approved = (await agent.status()).clientSystems[0]?.lastRun
  assert.equal(approved?.approveDeletes, 40)
  assert.equal(approved?.counts?.deleted, 40)
  assert.ok(approved?.approveDigest)

  // The days open to their hours, the arrow keys go from day to day, and a day leads to its runs.
  const days = page.getByRole('group', { name: 'Days' }).getByRole('button')
  await tabTo(page, days.filter({ hasNot: page.locator('[tabindex="-1"]') }).last())
  await page
    .locator('.strip-note')
    .getByText(/40 deleted\.$/)
    .waitFor()
  await keyboard.press('ArrowLeft')
  await page
    .locator('.strip-note')
    .getByText(/: no sync\.$/)
    .waitFor()
  await keyboard.press('End')
  await keyboard.press('Enter')
  const hours = page.getByRole('region', { name: /^Hours of/ })
  const note = page.locator('.strip-note')
  await tabTo(page, hours.getByRole('option', { selected: true }))
  await note.getByText(/, 00:00: no sync\.$/).waitFor()
  await keyboard.press('End')
  await note.getByText(/, \d\d:00: .*\.$/).waitFor()
  // A run just before midnight or a full hour belongs to the hour before.
  for (let hour = 0; hour < 24 && !/40 deleted/.test(await note.innerText()); hour++) await keyboard.press('ArrowLeft')
  await note.getByText(/40 deleted\.$/).waitFor()
  await tabTo(page, hours.getByRole('link', { name: 'See the runs of this day' }))
  await keyboard.press('Enter')
  await page.getByRole('link', { name: 'Show all runs' }).waitFor()
  assert.match(page.url(), /day=\d{4}-\d\d-\d\d/)
  await page.goBack()

  // A run opens from the history, and Back closes it.
  const row = page
    .getByRole('region', { name: 'Run history' })
    .getByRole('button', { name: /Succeeded/ })
    .first()
  await tabTo(page, row)
  await keyboard.press('Enter')
  await page.getByText('at most 40', { exact: true }).waitFor()
  await page.goBack()
  await page.getByText('at most 40', { exact: true }).waitFor({ state: 'detached' })

  // The history narrows by outcome, and the address keeps it.
  await tabTo(page, page.getByRole('combobox', { name: 'Outcome' }), 'Shift+Tab')
  await keyboard.type('Canc')
  const rows = page.getByRole('region', { name: 'Run history' }).getByRole('row')
  await eventually(async () => (await rows.count()) === 2)
  await page.getByRole('button', { name: /^Cancelled/ }).waitFor()
  assert.match(page.url(), /outcome=cancelled/)
  await page.reload()
  await page.getByRole('button', { name: /^Cancelled/ }).waitFor()

  // All times at once, kept in this browser.
  await tabTo(page, page.locator('summary', { hasText: 'Display' }))
  await keyboard.press('Enter')
  await tabTo(page, page.getByRole('radio', { name: 'Relative' }))
  await keyboard.press('ArrowLeft')
  await last.locator('time', { hasText: /:\d\d UTC$/ }).waitFor()
  await keyboard.press('Escape')
  await page.locator('summary', { hasText: 'Display' }).and(page.locator(':focus')).waitFor()
  assert.equal(await page.getByRole('radio', { name: 'Relative' }).isVisible(), false)
  await page.reload()
  await last.locator('time', { hasText: /:\d\d UTC$/ }).waitFor()

  // To the meters and back, the focus at the heading of each view.
  await tabTo(page, page.getByRole('link', { name: 'Meters', exact: true }))
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Meters', level: 1 }).and(page.locator(':focus')).waitFor()
  await tabTo(page, page.getByRole('searchbox'))
  await keyboard.type('S60')
  await eventually(async () => (await page.getByRole('row').count()) === 2)
  await page.getByRole('row').nth(1).getByText('Inactive').waitFor()
  assert.match(page.url(), /q=S60/)
  await tabTo(page, page.getByRole('link', { name: '60', exact: true }))
  await keyboard.press('Enter')
  await page.getByRole('region', { name: 'History', exact: true }).getByText('Deleted').waitFor()
  await page.goBack()
  await page.getByRole('region', { name: 'History', exact: true }).waitFor({ state: 'detached' })
  await page.goBack()
  await page.getByRole('heading', { name: 'Sync Status', level: 1 }).and(page.locator(':focus')).waitFor()
  assert.deepEqual(complaints, [])
})

test('R5.10: login, preview, sync from the preview and logout work by keyboard alone', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const token = 'the-token-of-the-administrator'
  const agent = await world.agent({
    AUTH_TOKEN: token,
    ...webhookEnvironment({ url: 'http://127.0.0.1:2/' }),
  })
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  const { keyboard } = page
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const field = page.getByLabel('Token')
  const heading = (name: string) => page.getByRole('heading', { name, level: 1 }).and(page.locator(':focus'))

  // The field has the focus; a wrong token gives it back, emptied.
  await field.and(page.locator(':focus')).waitFor()
  await keyboard.type('a guess')
  await keyboard.press('Enter')
  await page.getByText('That token is not correct.').waitFor()
  await field.and(page.locator(':focus')).waitFor()
  await keyboard.type(token)
  await keyboard.press('Enter')
  await heading('Sync Status').waitFor()
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 5)

  await world.source.query(`update meter set name = 'Renamed' where external_id = 2`)
  await tabTo(page, button('Preview'))
  await keyboard.press('Enter')
  await heading('Preview').waitFor()
  await page.getByText('1 meter would change').first().waitFor()
  await tabTo(page, button('Sync now'))
  await keyboard.press('Enter')
  await page.getByRole('link', { name: 'See what it did' }).waitFor()
  await tabTo(page, button('Preview again'))
  await keyboard.press('Space')
  await page.getByText('Nothing would change', { exact: true }).waitFor()
  await button('Preview again').and(page.locator(':focus')).waitFor()
  await tabTo(page, page.getByRole('link', { name: 'Back to the status' }))
  await keyboard.press('Enter')
  await heading('Sync Status').waitFor()

  // A test alert, and what became of it.
  await tabTo(page, page.getByRole('link', { name: 'Settings', exact: true }), 'Shift+Tab')
  await keyboard.press('Enter')
  await heading('Settings').waitFor()
  await tabTo(page, button('Send a test alert'))
  await keyboard.press('Enter')
  await page.getByText(/^Not delivered: connection refused by 127\.0\.0\.1:2 .*\. Check WEBHOOK_URL/).waitFor()

  await tabTo(page, button('Log out'))
  await keyboard.press('Enter')
  await field.and(page.locator(':focus')).waitFor()
})
