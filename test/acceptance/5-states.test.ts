import { test } from 'node:test'
import { inspect, openPages, showAddress } from '../support/inspect.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

/** An id that no run has. */
const unknownRun = '00000000-0000-4000-8000-000000000000'

test('R5.10: states of faults and of several systems have no accessibility violation, in light and dark, wide and on a phone', {
  timeout: 110_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const open = await openPages(t)
  const api = await world.agent({ ROLE: 'api' })
  const pages = await open(api.url)
  await inspect(pages, 'no-worker', (page) => page.getByText('No worker is running', { exact: true }).waitFor())
  await pages.wide.getByRole('button', { name: 'Sync now' }).click()
  await inspect(pages, 'queued-no-worker', (page) => page.getByText('Queued, no worker is running').waitFor())
  await showAddress(pages, '#/preview')
  await inspect(pages, 'preview-waiting', (page) => page.getByText('The preview starts when it has ended.').waitFor())
  await api.stop()

  // A webhook that nothing listens to, and the meters of the Client System main under another id.
  const main = await world.agent()
  await main.settled()
  await main.stop()
  const renamed = await world.agent({
    CLIENT_SYSTEM_ID: 'renamed',
    WEBHOOK_URL: 'http://127.0.0.1:2/',
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  })
  await renamed.settled()
  for (const page of Object.values(pages)) await page.goto(`${renamed.url}/#/`)
  await inspect(pages, 'same-meters', (page) => page.getByText('The Client System main has the same meters').waitFor())
  await showAddress(pages, '#/collection')
  await inspect(pages, 'collection-never', (page) => page.getByText('Never reported').waitFor())
  await showAddress(pages, '#/settings')
  await inspect(pages, 'settings-alert', async (page) => {
    await page.getByRole('button', { name: 'Send a test alert' }).click()
    // The agent may refuse a second test so soon.
    await page.locator('.test-result, .refusal').first().waitFor()
  })
  await showAddress(pages, `#/runs/${unknownRun}`)
  await inspect(pages, 'run-unknown', (page) => page.getByText('This run is not in the history.').waitFor())
  await showAddress(pages, '#/meters/999999999')
  await inspect(pages, 'meter-unknown', (page) => page.getByText('There is no such meter').waitFor())

  // Several notices: the first in full, the others open at their titles.
  await world.source.query('delete from meter where external_id > 20')
  await world.source.query(`insert into meter (external_id, name) values (900, '  ')`)
  await renamed.sync()
  await world.source.query('alter table meter rename to meter_away')
  const failed = await renamed.sync()
  await showAddress(pages, '#/')
  await inspect(pages, 'notices-open', async (page) => {
    await page.getByRole('alert').getByText('relation "meter" does not exist').waitFor()
    await page.getByText('40 deletions are held back').click()
    await page.getByRole('button', { name: 'Approve…' }).waitFor()
    await page.getByText('1 row of the Client System was rejected').click()
    await page.getByRole('link', { name: 'See the rejected rows' }).waitFor()
  })
  await showAddress(pages, `#/runs/${failed.id}`)
  await inspect(pages, 'run-failed', (page) => page.getByText('The log of the agent has more').waitFor())
  await renamed.stop()

  await world.sync.query(`delete from sync.run where status <> 'succeeded'`)
  await world.sync.query(`update sync.run set queued_at = queued_at - interval '3 days',
    started_at = started_at - interval '3 days', finished_at = finished_at - interval '3 days'`)
  const stale = await world.agent({ ROLE: 'api', CLIENT_SYSTEM_ID: 'main' })
  for (const page of Object.values(pages)) await page.goto(`${stale.url}/#/`)
  await inspect(pages, 'stale', (page) => page.getByText('Out of date', { exact: true }).waitFor())
})
