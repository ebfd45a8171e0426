import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('a meter with long texts takes no more room in the list than two lines', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 3)
  await world.source.query(
    `update meter set name = repeat('long ', 100), location = repeat('x', 400), kind = 'electricities'
     where external_id = 2`,
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
    const kind = await page.getByRole('row').getByText('electricities', { exact: true }).boundingBox()
    assert.ok((kind?.height ?? 99) < 30, `${width}: the kind is ${kind?.height} pixels high`)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
  }
})

test('a long text is shown in part, where it changed, and in full on request', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  await world.source.query(`update meter set name = repeat('long ', 40000) where external_id = 2`)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`update meter set name = overlay(name placing 'CHANGED' from 100001) where external_id = 2`)
  const run = await agent.sync()
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(`${agent.url}/#/runs/${run.id}`)
  const change = page.getByRole('region', { name: 'Changes' }).getByRole('listitem').first()
  assert.match(
    (await change.locator('ins').textContent()) ?? '',
    /^… long .{50,60}CHANGED.{200,} … Show all 200,000 characters$/,
  )
  const shown = await change.locator('del').textContent()
  assert.match(shown ?? '', /^… [long ]{300} … Show all 200,000 characters$/)
  await change.locator('ins').getByRole('button').focus()
  await page.keyboard.press('Enter')
  const whole = change.locator('ins').getByRole('button', { name: 'Show less', expanded: true })
  await whole.waitFor()
  assert.equal((await change.locator('ins').textContent())?.length, 200_000 + ' Show less'.length)
  assert.ok(await whole.evaluate((button) => button === button.ownerDocument.activeElement), 'the focus stays')
  assert.equal(await change.locator('del').textContent(), shown)
  await page.evaluate(`location.hash = '#/meters/2'`)
  await page
    .getByRole('button', { name: /^Show all 200,000 characters$/ })
    .first()
    .waitFor()
  assert.deepEqual(complaints, [])
})
