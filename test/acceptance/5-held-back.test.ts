import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('the approval is for the list that the dialog shows: a sync that holds back other meters shows them anew', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('create table away as select * from meter where external_id > 20')
  /** Lists the meter `back` again, and removes `gone`. */
  const exchange = async (back: number, gone: number) => {
    await world.source.query('insert into meter select * from away where external_id = $1', [back])
    await world.source.query('delete from meter where external_id = $1', [gone])
  }
  await world.source.query('delete from meter where external_id > 20')
  await agent.sync()
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(agent.url)
  const dialog = page.getByRole('dialog', { name: 'Deactivate 40 meters?' })
  const number = dialog.getByLabel('Type 40 to confirm')
  const approve = dialog.getByRole('button', { name: 'Deactivate 40 meters' })
  const listed = (name: string) => dialog.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) })
  const runs = page.locator('tr.run')
  await page.getByRole('button', { name: 'Approve…' }).click()
  await listed('Meter 21').waitFor()
  await number.fill('40')

  // The same meters: who decides is not disturbed.
  await agent.sync()
  await runs.nth(2).waitFor()
  assert.equal(await number.inputValue(), '40')

  // Other meters: the dialog shows them, and the number must be typed again.
  await exchange(21, 1)
  await agent.sync()
  await dialog.getByText('Other meters are held back now.').waitFor()
  await listed('Meter 1').waitFor()
  assert.equal(await listed('Meter 21').count(), 0)
  assert.equal(await number.inputValue(), '')
  assert.ok(await approve.isDisabled())

  // Other meters that no sync has found yet: the sync of the approval deletes none, and the notice shows them.
  await exchange(22, 2)
  await number.fill('40')
  await approve.click()
  await page.getByText('because other meters are missing than those that were approved').waitFor()
  await page.getByText('approve again, or leave them active').waitFor()
  assert.equal((await agent.status()).clientSystems[0]?.lastRun?.counts?.deleted, 0)
  await page.getByRole('button', { name: 'Approve…' }).click()
  await listed('Meter 2').waitFor()
  assert.equal(await dialog.getByText('Other meters are held back now.').count(), 0)
  await number.fill('40')
  await approve.click()
  await page.getByRole('alert').or(page.getByText('deletions are held back')).waitFor({ state: 'detached' })
  assert.equal((await agent.settled()).counts?.deleted, 40)
  assert.deepEqual(complaints, [])
})
