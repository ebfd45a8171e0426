import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, type World } from '../support/world.ts'

/** Runs of the past, one each hour. */
async function addRuns(world: World, count: number): Promise<void> {
  await world.sync.query(
    `insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, started_at, finished_at,
       read, inserted, updated, unchanged, rejected, restored, deleted, withheld)
     select gen_random_uuid(), 'main', 'schedule', 'succeeded', 1, at, at, at, 0, 0, 0, 0, 0, 0, 0, 0
     from generate_series(now() - make_interval(hours => $1), now() - interval '1 hour', interval '1 hour') at`,
    [count],
  )
}

test('the cells of the days are one tab stop, and Show more keeps the focus', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await addRuns(world, 100)
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(agent.url)
  const days = page.locator('.strip-days button')
  await days.nth(89).waitFor()
  assert.equal(await days.count(), 90)
  const stops = await page.evaluate<number>(
    `[...document.querySelectorAll('.strip-days button')].filter((day) => day.tabIndex === 0).length`,
  )
  assert.equal(stops, 1)
  const rows = page.locator('tr.run')
  const more = page.getByRole('button', { name: 'Show more' })
  await more.focus()
  for (const count of [31, 61]) {
    await page.keyboard.press('Enter')
    await rows.nth(count).waitFor()
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Show more')
  }
  assert.deepEqual(complaints, [])
})

test('R5.10: no content is cut off at any width, and the page respects the font size of the browser', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set name = name || '!'`)
  await agent.sync()
  const browse = await openBrowser(t)
  for (const address of ['#/', '#/meters']) {
    const { page } = await browse(`${agent.url}/${address}`)
    await page.locator('.runs tbody tr, .meter-table tbody tr').first().waitFor()
    for (const width of [700, 740, 768, 800, 848, 850, 1024]) {
      await page.setViewportSize({ width, height: 900 })
      const beyond = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      assert.equal(beyond, 0, `${address} at ${width}`)
    }
    assert.match(
      await page.evaluate<string>(
        '[...document.styleSheets].flatMap((s) => [...s.cssRules]).find((r) => r.selectorText === "html").style.fontSize',
      ),
      /^100%$/,
    )
  }
})
