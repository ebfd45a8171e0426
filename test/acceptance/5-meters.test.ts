import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { fitsEveryWidth, inspect, lead, openEyes } from '../support/eyes.ts'
import { tabTo } from '../support/keyboard.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const hour = 3_600_000
/** The day before this one, in UTC. */
const yesterday = Math.floor(Date.now() / (24 * hour)) * 24 * hour - 24 * hour

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** Hourly readings of two days up to the last midnight, without five hours of yesterday and with a decrease. */
function hourlyReadings() {
  return Array.from({ length: 48 }, (_, index) => index)
    .filter((index) => index < 27 || index > 31)
    .flatMap((index) => {
      const readAt = new Date(yesterday - 24 * hour + index * hour).toISOString()
      const energy = 20 + index * index * 3 - (index === 38 ? 2000 : 0)
      return [
        { externalId: '1', quantity: 'energy', unit: 'kWh', value: energy, readAt },
        { externalId: '1', quantity: 'power', unit: 'kW', value: Math.round(Math.sin(index / 3) * 400) / 100, readAt },
      ]
    })
}

test('the readings of a meter are seen day by day, with axes, gaps and marks, by pointer, keyboard and table', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 3)
  const agent = await world.agent()
  await agent.settled()
  const { status } = await agent.api('/api/readings', { method: 'POST', body: JSON.stringify(hourlyReadings()) })
  assert.equal(status, 200)
  const eyes = await (await openEyes(t))(`${agent.url}/#/meters/1`)
  const chartOf = (page: Page, quantity: string) => page.getByRole('img', { name: new RegExp(`^${quantity}: `) })

  // The day of the last reading comes first.
  await inspect(eyes, 'readings-day', async (page) => {
    await page.getByRole('img', { name: /^energy: 19 readings .* between .* 1 gap, 1 marked$/ }).waitFor()
    await chartOf(page, 'energy').getByText('no readings').waitFor()
    await page
      .getByRole('list', { name: 'Marked readings' })
      .getByText(/lower than before: /)
      .waitFor()
    await page.getByRole('region', { name: 'Gaps' }).getByText('5 readings missing').first().waitFor()
  })
  const { wide, phone } = eyes
  await fitsEveryWidth(wide, 'readings')
  const zeros = await chartOf(wide, 'power').locator('[data-zero=true]').count()
  assert.equal(zeros, 1, 'power goes above and below zero')
  const sections = await wide.locator('.details').getByRole('heading', { level: 2 }).allTextContents()
  assert.deepEqual(sections, ['Attributes', 'History', 'Readings', 'Gaps'])

  // The keyboard goes from reading to reading, and the pointer to the nearest.
  const slider = wide.getByRole('slider', { name: 'Reading of energy' })
  await tabTo(wide, slider)
  const spoken = () => slider.getAttribute('aria-valuetext')
  assert.match((await spoken()) ?? '', /23:00:00: 6647 kWh$/)
  await wide.keyboard.press('Home')
  await wide.keyboard.press('ArrowRight')
  assert.match((await spoken()) ?? '', /01:00:00: 1895 kWh$/)
  const box = await slider.boundingBox()
  assert.ok(box)
  await wide.mouse.move(box.x + (box.width * 13.9) / 24, box.y + box.height / 2)
  await wide.getByText(/14:00:00: 2352 kWh, lower than before$/).waitFor()

  // The table has the same, with the mark in words.
  await wide.getByText('Show 38 readings as a table · 1 doubtful').click()
  await wide.getByRole('row', { name: /14:00:00 energy 2352 kWh lower than before$/ }).waitFor()

  // Earlier and back, by a date, a span and a quantity: the address has them all.
  await wide.getByRole('link', { name: 'Earlier day' }).click()
  await wide.getByRole('img', { name: /^energy: 24 readings/ }).waitFor()
  assert.match(wide.url(), new RegExp(`/meters/1\\?day=${dayOf(yesterday - 24 * hour)}$`))
  await wide.getByRole('region', { name: 'Gaps' }).getByText('No reading is missing').waitFor()
  await wide.getByRole('link', { name: 'Week' }).click()
  await wide.getByRole('img', { name: /^power: 24 readings/ }).waitFor()
  await wide.goBack()
  await wide.goBack()
  await wide.getByRole('img', { name: /^energy: 19 readings/ }).waitFor()
  await wide.getByRole('link', { name: 'power', exact: true }).click()
  await chartOf(wide, 'energy').waitFor({ state: 'detached' })
  await wide.getByLabel('Day of the readings').fill('2020-02-29')
  await wide.getByText('No reading of power on 29 Feb 2020.').waitFor()
  assert.match(wide.url(), /day=2020-02-29&quantity=power$/)
  await wide.reload()
  await wide.getByText('No reading of power on 29 Feb 2020.').waitFor()
  await wide.getByRole('link', { name: 'Latest' }).click()
  await wide.getByRole('img', { name: /^power: 19 readings/ }).waitFor()

  // What a finger touches is large enough.
  const targets = phone.locator('.reading-controls').locator('a, input')
  for (const target of await targets.all()) {
    const { width = 0, height = 0 } = (await target.boundingBox()) ?? {}
    assert.ok(width >= 44 && height >= 44, `${await target.textContent()}: ${width} × ${height}`)
  }

  // The file has what is shown.
  await phone.getByRole('link', { name: '30 days' }).click()
  await phone.getByRole('img', { name: /^energy: 43 readings/ }).waitFor()
  const file = await phone.getByRole('link', { name: 'Download CSV' }).getAttribute('href')
  const csv = await agent.api<string>(file ?? '')
  assert.equal(csv.body.trim().split('\n').length, 1 + 2 * 43)
  await lead(eyes, '#/meters/2')
  await inspect(eyes, 'readings-none', (page) => page.getByText('No readings of this meter yet').waitFor())
})
