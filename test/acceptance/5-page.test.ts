import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { AxeResults } from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { figureReads, openBrowser } from '../support/browser.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const pictures = fileURLToPath(new URL('../output/pictures', import.meta.url))
mkdirSync(pictures, { recursive: true })

/** The content policy refuses script tags; what the debugger evaluates is not subject to it. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe)
  const results: AxeResults = await page.evaluate('axe.run({ resultTypes: ["violations"] })')
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`))
}

/** How many pixels the page is wider than the window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}

function hourAgo(hours: number): string {
  return new Date(Date.now() - hours * 3_600_000).toISOString()
}

/** As much of a page as fits a picture that can be looked at. */
function upperPart(page: Page): Promise<{ x: number; y: number; width: number; height: number }> {
  return page.evaluate('({ x: 0, y: 0, width: innerWidth, height: Math.min(2000, document.body.scrollHeight) })')
}

/** A wide page and a phone's: each state is looked at on both, in both schemes. */
type Eyes = Record<'wide' | 'phone', Page>

async function inspect(eyes: Eyes, state: string, ready: (page: Page) => Promise<unknown>): Promise<void> {
  const found = await Promise.all(
    Object.entries(eyes).map(async ([size, page]) => {
      await ready(page)
      const faults: string[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const name = `${state}-${size}-${colorScheme}`
        await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, clip: await upperPart(page) })
        faults.push(...(await violations(page)).map((fault) => `${name} ${fault}`))
      }
      const wider = await overflow(page)
      if (wider > 0) faults.push(`${state}-${size} is ${wider} pixels too wide`)
      return faults
    }),
  )
  assert.deepEqual(found.flat(), [])
}

test('5.10 every view in every state is without a violation, in light and dark, wide and on a phone', {
  timeout: 80_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 60)
  const gate = await createGate(world.source)
  const browse = await openBrowser(t)
  const look = async (url: string): Promise<Eyes> => {
    const [wide, phone] = await Promise.all([
      browse(url, { viewport: { width: 1280, height: 900 } }),
      browse(url, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }),
    ])
    return { wide: wide.page, phone: phone.page }
  }
  const idle = await world.agent({ ROLE: 'api' })
  const eyes = await look(idle.url)
  await inspect(eyes, 'never', (page) => page.getByText('Never synced').waitFor())
  await idle.stop()

  const open = await gate.close()
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await eventually(async () => (await world.source.query(gate.reached)).length > 0)
  await Promise.all(Object.values(eyes).map((page) => page.goto(agent.url)))
  await inspect(eyes, 'running', (page) => page.getByRole('progressbar', { name: 'Sync progress' }).waitFor())

  await eyes.wide.getByRole('button', { name: 'Cancel sync' }).click()
  await eyes.wide.getByRole('button', { name: 'Press again to cancel' }).click()
  await inspect(eyes, 'cancelled', (page) => page.getByText('Cancelled · nothing was changed').waitFor())
  await open()

  await agent.sync()
  await world.source.query(`update meter set name = name || ' (new)', unit = null where external_id < 4`)
  const changed = await agent.sync()
  await inspect(eyes, 'in-step', (page) => figureReads(page.getByRole('region', { name: 'Last sync' }), 'Updated', 3))
  for (const page of Object.values(eyes)) await page.evaluate(`location.hash = '#/runs/${changed.id}'`)
  await inspect(eyes, 'run', (page) => page.getByText('Meter 3 (new)').waitFor())

  await world.source.query('delete from meter where external_id > 20')
  await world.source.query(`insert into meter (external_id, name) values (900, '  ')`)
  const withheld = await agent.sync()
  assert.deepEqual([withheld.counts?.withheld, withheld.counts?.rejected], [40, 1])
  await inspect(eyes, 'withheld', (page) => page.getByText('40 deletions are held back').waitFor())
  for (const page of Object.values(eyes)) await page.evaluate(`location.hash = '#/runs/${withheld.id}/rejected'`)
  await inspect(eyes, 'rejected', (page) =>
    page.getByRole('region', { name: 'Rejected rows' }).getByText('900').first().waitFor(),
  )
  await inspect(eyes, 'approve', (page) => page.getByRole('button', { name: 'Approve…' }).click())
  for (const page of Object.values(eyes)) await page.getByRole('button', { name: 'Keep the meters' }).click()

  const readings = Array.from({ length: 60 }, (_, hour) => [
    { externalId: '1', quantity: 'energy', unit: 'kWh', value: 1000 + hour * hour, readAt: hourAgo(60 - hour) },
    {
      externalId: '1',
      quantity: 'voltage',
      unit: 'V',
      value: Math.round(2300 + Math.sin(hour / 3) * 40) / 10,
      readAt: hourAgo(60 - hour),
    },
  ])
  const { status } = await agent.api('/api/readings', { method: 'POST', body: JSON.stringify(readings.flat()) })
  assert.equal(status, 200)
  for (const page of Object.values(eyes)) await page.evaluate(`location.hash = '#/meters'`)
  await inspect(eyes, 'meters', (page) => page.getByRole('link', { name: '20', exact: true }).waitFor())
  for (const page of Object.values(eyes)) await page.getByRole('link', { name: '1', exact: true }).click()
  await inspect(eyes, 'meter', async (page) => {
    await page.getByRole('img', { name: /^voltage: 60 readings/ }).waitFor()
    await page.getByRole('region', { name: 'What happened' }).getByText('Meter 1 (new)').waitFor()
  })
  for (const page of Object.values(eyes)) await page.evaluate(`location.hash = '#/meters?q=nowhere'`)
  await inspect(eyes, 'no-meter', (page) => page.getByText('No meter has “nowhere”').waitFor())
  for (const page of Object.values(eyes)) await page.evaluate(`location.hash = '#/?outcome=cancelled&trigger=startup'`)
  await inspect(eyes, 'filtered', (page) => page.getByText('1 of 1 cancelled run.').waitFor())

  for (const page of Object.values(eyes)) await page.evaluate(`location.hash = '#/'`)
  await world.source.query('alter table meter rename to meter_away')
  const failed = await agent.sync()
  await inspect(eyes, 'failed', (page) =>
    page
      .getByRole('alert')
      .getByText(failed.error?.message ?? '?')
      .waitFor(),
  )
  await agent.stop()
  await inspect(eyes, 'not-live', (page) => page.getByText('Not live', { exact: true }).waitFor())
})

/** Presses Tab until what has the focus is what was looked for, as someone without a mouse would. */
async function tabTo(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    if ((await wanted.count()) > 0 && (await wanted.evaluate((element) => element.matches(':focus')))) return
    await page.keyboard.press(key)
  }
  throw new Error(`80 presses of ${key} did not lead to ${wanted}`)
}

test('5.10 everything is done by keyboard alone: sync, cancel, open a run, approve, filter, find a meter', {
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

  // A wrong number approves nothing; Escape closes; the right number deletes.
  await tabTo(page, button('Approve…'))
  await keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Approve 40 deletions?' })
  await tabTo(page, dialog.getByRole('textbox'))
  await keyboard.type('39')
  await keyboard.press('Enter')
  assert.ok(await dialog.getByRole('button', { name: 'Delete up to 40' }).isDisabled())
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

  // A run opens from the chart and from the history, and Back closes it.
  const bar = page.getByRole('link', { name: /^Succeeded, .* 40 deleted/ })
  await tabTo(page, bar)
  await keyboard.press('ArrowLeft')
  await page
    .getByRole('link', { name: /^Succeeded, .* 0 deleted/ })
    .and(page.locator(':focus'))
    .waitFor()
  await keyboard.press('End')
  await keyboard.press('Enter')
  await page.getByText('at most 40', { exact: true }).waitFor()
  await page.goBack()
  await page.getByText('at most 40', { exact: true }).waitFor({ state: 'detached' })
  const row = page
    .getByRole('region', { name: 'Run history' })
    .getByRole('button', { name: /Succeeded/ })
    .first()
  await tabTo(page, row)
  await keyboard.press('Enter')
  await page.getByText('at most 40', { exact: true }).waitFor()

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
  await tabTo(page, page.getByRole('radio', { name: 'Relative' }))
  await keyboard.press('ArrowLeft')
  await last.locator('time', { hasText: /:\d\d UTC$/ }).waitFor()
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
  await page.getByRole('region', { name: 'What happened' }).getByText('Deleted').waitFor()
  await page.goBack()
  await page.getByRole('region', { name: 'What happened' }).waitFor({ state: 'detached' })
  await page.goBack()
  await page.getByRole('heading', { name: 'Sync Status', level: 1 }).and(page.locator(':focus')).waitFor()
  assert.deepEqual(complaints, [])
})

test('the page is small: all of its JavaScript is under 60 kB on the wire, and every file comes from the agent', () => {
  const dist = fileURLToPath(new URL('../../web/dist', import.meta.url))
  const scripts = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'))
  const bytes = scripts.map((name) => gzipSync(readFileSync(join(dist, 'assets', name))).length)
  assert.ok(bytes.length > 0)
  assert.ok(bytes.reduce((sum, one) => sum + one, 0) < 60_000, `${bytes}`)
  assert.doesNotMatch(readFileSync(join(dist, 'index.html'), 'utf8'), /(src|href)="(https?:)?\/\//)
})
