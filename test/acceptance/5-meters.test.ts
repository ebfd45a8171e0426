import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { inspect, openPages, showAddress } from '../support/inspect.ts'
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

test('the readings of a meter are shown day by day, with axes, gaps and marks, by pointer, keyboard and table', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 3)
  const agent = await world.agent()
  await agent.settled()
  const { status } = await agent.api('/api/readings', { method: 'POST', body: JSON.stringify(hourlyReadings()) })
  assert.equal(status, 200)
  const pages = await (await openPages(t))(`${agent.url}/#/meters/1`)
  const chartOf = (page: Page, quantity: string) => page.getByRole('img', { name: new RegExp(`^${quantity}: `) })

  // The day of the last reading comes first.
  await inspect(pages, 'readings-day', async (page) => {
    await page.getByRole('img', { name: /^energy: 19 readings .* between .* 1 gap, 1 marked$/ }).waitFor()
    await chartOf(page, 'energy').getByText('no readings').waitFor()
    await page
      .getByRole('list', { name: 'Marked readings' })
      .getByText(/lower than before: /)
      .waitFor()
    await page.getByRole('region', { name: 'Gaps' }).getByText('5 readings missing').first().waitFor()
  })
  const { wide, phone } = pages
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
  await inspect(pages, 'readings-table', async (page) => {
    await page.getByText('Show 38 readings as a table · 1 doubtful').click()
    await page.getByRole('row', { name: /14:00:00 energy 2352 kWh lower than before$/ }).waitFor()
    const table = page.getByRole('table', { name: 'Figures of the readings' })
    const lefts = ['columnheader', 'cell'] as const
    const places = await Promise.all(lefts.map((role) => table.getByRole(role).nth(1).boundingBox()))
    assert.equal(places[0]?.x, places[1]?.x, 'a head stands above its column')
  })

  // Earlier and back, by a date, a span and a quantity: the address has them all.
  await tabTo(wide, wide.getByRole('button', { name: 'Earlier day' }), 'Shift+Tab')
  await wide.keyboard.press('Enter')
  await wide.getByRole('img', { name: /^energy: 24 readings/ }).waitFor()
  assert.match(wide.url(), new RegExp(`/meters/1\\?day=${dayOf(yesterday - 24 * hour)}$`))
  await wide.getByRole('region', { name: 'Gaps' }).getByText('No reading is missing').waitFor()
  await wide.getByRole('link', { name: 'Week' }).click()
  await wide.getByRole('img', { name: /^power: 24 readings/ }).waitFor()
  await wide.goBack()
  await tabTo(wide, wide.getByRole('button', { name: 'Later day' }))
  await wide.keyboard.press('Enter')
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

  // The file has what is shown.
  await phone.getByRole('link', { name: '30 days' }).click()
  await phone.getByRole('img', { name: /^energy: 43 readings/ }).waitFor()
  const file = await phone.getByRole('link', { name: 'Download readings as CSV' }).getAttribute('href')
  const csv = await agent.api<string>(file ?? '')
  assert.equal(csv.body.trim().split('\n').length, 1 + 2 * 43)
  await showAddress(pages, '#/meters/2')
  await inspect(pages, 'readings-none', (page) => page.getByText('No readings of this meter yet').waitFor())

  // The latest readings follow what comes in, half a minute later at most; other days stay.
  await showAddress(pages, '#/meters/1')
  await phone.clock.install()
  await phone.reload()
  await phone.getByRole('img', { name: /^energy: 19 readings/ }).waitFor()
  const newest = { externalId: '1', quantity: 'energy', unit: 'kWh', value: 7000 }
  const readAt = new Date(yesterday + 23.5 * hour).toISOString()
  await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([{ ...newest, readAt }]) })
  await phone.clock.fastForward(31_000)
  await phone.getByRole('img', { name: /^energy: 20 readings .* last 7000 kWh/ }).waitFor()
  await phone.locator('.meter-facts').getByText('7000 kWh').waitFor()
})

test('the meters are found by search, filters and order, all of it in the address, and the place in the list is kept', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 120)
  await world.source.query(`
    update meter set
      kind = case when external_id <= 10 then 'water' when external_id <= 15 then null else kind end,
      location = case when external_id <= 15 then null else location end,
      active = external_id not in (118, 119, 120),
      name = case external_id when 7 then repeat('A name without an end ', 20) when 8 then repeat('W', 200) else name end`)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, unit, read_at, value)
    select id, 'energy', 'kWh', now() - case when external_id::int <= 10 then interval '5 min' else interval '1 day' end, id
    from sync.meter where external_id::int <= 30`)
  const pages = await (await openPages(t))(`${agent.url}/#/meters?kind=water&sort=name&order=desc`)
  const { wide, phone } = pages
  const rows = (page: Page) => page.locator('tr.meter')
  const firstIds = async (page: Page, count: number) =>
    (await page.locator('tr.meter .external-id').allTextContents()).slice(0, count).join(' ')
  const total = (page: Page, text: string) => page.locator('.list-total').getByText(text, { exact: true }).waitFor()
  const select = (page: Page, name: string) => page.getByRole('combobox', { name })

  // A link brings filter and order.
  await inspect(pages, 'meters-filtered', async (page) => {
    await total(page, '10 of 120 meters')
    await select(page, 'Kind').getByRole('option', { name: 'electricity (105)' }).waitFor({ state: 'attached' })
    assert.equal(await select(page, 'Kind').evaluate((list) => 'value' in list && list.value), '=water')
  })
  assert.equal(await firstIds(wide, 3), '8 10 9')
  const head = (name: string) => wide.getByRole('columnheader', { name })
  await wide.locator('[aria-sort=descending]').getByText('Name').waitFor()
  assert.equal(await phone.getByRole('columnheader').getByRole('link').count(), 0)

  // The heads sort, by keyboard too; a second press turns the order around.
  await wide.getByRole('link', { name: 'Clear filters' }).click()
  await total(wide, '120 meters')
  await wide.locator('.list-total:focus').waitFor()
  await tabTo(wide, head('External id').getByRole('link'))
  await wide.keyboard.press('Enter')
  await wide.locator('[aria-sort=ascending]').getByText('External id').waitFor()
  await rows(wide).first().getByText('Meter 1', { exact: true }).waitFor()
  assert.equal(await firstIds(wide, 12), '1 2 3 4 5 6 7 8 9 10 11 12')
  await wide.keyboard.press('Enter')
  await rows(wide).first().getByText('Meter 120').waitFor()
  assert.match(wide.url(), /#\/meters\?order=desc$/)
  await select(phone, 'Sort by').selectOption('Last reading, newest first')
  await rows(phone).first().getByText('Meter 10', { exact: true }).waitFor()

  // What is chosen narrows the list and the numbers of the other choices; the file has the same meters.
  await select(wide, 'Collection').selectOption('Silent (20)')
  await total(wide, '20 of 120 meters')
  await select(wide, 'Kind').selectOption('No kind (5)')
  await total(wide, '5 of 120 meters')
  assert.equal(await rows(wide).getByText('Silent').count(), 5)
  const file = await wide.getByRole('link', { name: 'Download CSV' }).getAttribute('href')
  const csv = await agent.api<string>(file ?? '')
  assert.deepEqual(
    csv.body
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[1]),
    ['15', '14', '13', '12', '11'],
  )
  await wide.goBack()
  await total(wide, '20 of 120 meters')
  await wide.reload()
  await total(wide, '20 of 120 meters')

  // A search counts too, and says when nothing matches.
  await wide.getByRole('searchbox').fill('hall 23')
  await total(wide, '1 of 120 meters')
  await wide.getByRole('searchbox').fill('hall nowhere')
  await wide.getByText('No meter among these has “hall nowhere”').waitFor()
  await showAddress(pages, '#/meters?state=inactive&location=')
  await inspect(pages, 'meters-none-match', (page) => page.getByText('No meter matches these filters.').waitFor())

  // Back restores the length of the list, the scroll position and the open meter.
  await showAddress(pages, '#/meters')
  await wide.getByRole('button', { name: 'Show more' }).click()
  await rows(wide).nth(99).getByRole('link').click()
  const history = wide.getByRole('region', { name: 'History', exact: true })
  await history.getByRole('link', { name: 'See the run' }).click()
  await wide.getByRole('heading', { name: 'Sync Status', level: 1 }).waitFor()
  await wide.goBack()
  await history.waitFor()
  assert.equal(await rows(wide).count(), 100)
  const place = (await rows(wide).nth(99).boundingBox())?.y ?? -1
  assert.ok(place > -450 && place < 900, `the open row is at ${place}`)

  // A kind that is too rare for the list of choices can be typed.
  await world.source.query(`
    insert into meter (external_id, name, kind) select 1000 + id, 'Rare ' || id, 'rare ' || id from generate_series(1, 205) id`)
  await agent.sync()
  await showAddress(pages, '#/meters?q=rare')
  await select(wide, 'Kind').selectOption('Type one of 5 more…')
  await wide.getByRole('textbox', { name: 'Kind' }).fill('rare 99')
  await wide.keyboard.press('Enter')
  await rows(wide).getByText('Rare 99', { exact: true }).waitFor()
  await total(wide, '1 of 325 meters')
  assert.match(wide.url(), /q=rare&kind=rare\+99$/)
  await wide.locator('select:focus').getByRole('option', { name: 'rare 99' }).waitFor({ state: 'attached' })
})
