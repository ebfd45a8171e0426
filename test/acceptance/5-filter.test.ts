import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('new runs appear on top of a filtered history, which keeps its scroll position, focus and pages', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(
    `insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, started_at, finished_at,
       read, inserted, updated, unchanged, rejected, restored, deleted, withheld)
     select gen_random_uuid(), 'main', 'schedule', 'succeeded', 1, at, at, at, 0, 0, 0, 0, 0, 0, 0, 0
     from generate_series(now() - interval '80 hours', now() - interval '1 hour', interval '1 hour') at`,
  )
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(`${agent.url}/#/?outcome=succeeded`)
  const rows = page.locator('tr.run')
  await page.getByRole('button', { name: 'Show more' }).click()
  await rows.nth(50).waitFor()
  const before = await rows.count()
  await rows.nth(40).getByRole('button').first().click()
  await page.locator('.details').waitFor()
  await rows.nth(40).getByRole('button').first().focus()
  const place = async () =>
    await page.evaluate<[row: string, top: number]>(
      `[document.activeElement.closest('tr')?.textContent, document.activeElement.getBoundingClientRect().top]`,
    )
  const [row, top] = await place()
  await agent.sync()
  await rows.nth(before).waitFor()
  assert.equal(await rows.count(), before + 1)
  assert.equal(await page.locator('.details').count(), 1)
  const [rowAfter, topAfter] = await place()
  assert.equal(rowAfter, row)
  assert.ok(Math.abs(topAfter - top) < 200, `from ${top} to ${topAfter}`)
  assert.deepEqual(complaints, [])
})
