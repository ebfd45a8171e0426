import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureReads, openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('the page after a run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 40)
  await world.source.query('update meter set active = false where external_id <= 3')
  const agent = await world.agent()
  const run = await agent.settled()
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  const last = page.getByRole('region', { name: 'Last sync' })

  await t.test('R4.1: the page shows when the last sync was', async () => {
    assert.equal(await last.locator('time').first().getAttribute('datetime'), run.finishedAt)
  })

  await t.test('R4.2: the page shows how many meters the local database holds', async () => {
    const meters = page.getByRole('region', { name: 'Meters' })
    const [held] = await world.sync.query<{ total: number }>('select count(*)::int as total from sync.meter')
    assert.ok((await meters.innerText()).includes(String(held?.total)))
    await figureReads(meters, 'Active', 37)
    await figureReads(meters, 'Inactive', 3)
  })

  await t.test('R4.3: the page shows what the run inserted, updated and deleted', async () => {
    await figureReads(last, 'Inserted', 40)
    await figureReads(last, 'Updated', 0)
    await figureReads(last, 'Deleted', 0)
    const history = page.getByRole('region', { name: 'Run history' }).getByRole('table')
    assert.equal(await history.getByRole('row').count(), 2)
  })
  assert.deepEqual(complaints, [])
})

test('R4.3: a run opens to its changes with old and new values, and has its own address', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set name = '<b>Renamed & "quoted"</b>', unit = null where external_id = 2`)
  const run = await agent.sync()
  const open = await openBrowser(t)
  const { page, complaints } = await open(`${agent.url}/#/runs/${run.id}`)
  await page.getByText('<b>Renamed & "quoted"</b>').first().waitFor()
  await page.getByText('Meter 2').first().waitFor()
  assert.equal(await page.locator('b', { hasText: 'Renamed' }).count(), 0)
  assert.deepEqual(complaints, [])
})

test('R4.5: withheld deletions and rejected rows are counted, explained and listed on the page', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('delete from meter where external_id > 20')
  await world.source.query(`insert into meter (external_id, name) values (900, '  ')`)
  const run = await agent.sync()
  assert.equal(run.counts?.withheld, 40)
  assert.equal(run.counts?.rejected, 1)
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  await page
    .getByText(/40 deletions/)
    .first()
    .waitFor()
  await page
    .getByText(/1 (source )?row/)
    .first()
    .waitFor()
  const text = await page.locator('main').innerText()
  assert.match(text, /withheld|held back/i)
  assert.match(text, /rejected/i)
  assert.deepEqual(complaints, [])
})
