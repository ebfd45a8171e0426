import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('a meter with long texts takes no more room in the list than two lines', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 3)
  await world.source.query(
    `update meter set name = repeat('long ', 100), location = repeat('x', 400) where external_id = 2`,
  )
  const agent = await world.agent()
  await agent.settled()
  const browse = await openBrowser(t)
  for (const width of [320, 1280]) {
    const { page } = await browse(`${agent.url}/#/meters`)
    await page.setViewportSize({ width, height: 900 })
    const heights = []
    for (const id of ['1', '2']) {
      const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: id, exact: true }) })
      heights.push((await row.boundingBox())?.height ?? 0)
    }
    const [short = 0, long = 0] = heights
    assert.ok(short > 0 && long > short && long < short + 80, `${width}: ${heights}`)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
  }
})
