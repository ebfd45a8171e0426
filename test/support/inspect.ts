import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { openBrowser } from './browser.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
/** Where pictures of every state are written, at four widths and in both schemes, when PICTURES is set: they take time. */
const pictures = process.env.PICTURES ? fileURLToPath(new URL('../output/pictures', import.meta.url)) : null
if (pictures !== null) mkdirSync(pictures, { recursive: true })

export async function takePicture(page: Page, name: string): Promise<void> {
  if (pictures === null) return
  const path = join(pictures, `${name}.png`)
  // A dialog is over the part that is seen.
  const isModal = (await page.locator('dialog[open]').count()) > 0
  await page.screenshot(isModal ? { path } : { path, fullPage: true, clip: await upperPart(page) })
}

/**
 * The rules for each scheme. A scheme changes colours and nothing else, so the rules on colours alone are repeated in dark.
 * Applying all of them twice took a seventh to a fifth of the processor time of these tests.
 */
const rules = { light: {}, dark: { runOnly: ['color-contrast', 'link-in-text-block'] } }

/** The content policy refuses script tags; what the debugger evaluates is not subject to it. */
async function findViolations(page: Page, colorScheme: 'light' | 'dark'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe)
  const options = { ...rules[colorScheme], resultTypes: ['violations'] }
  const results: AxeResults = await page.evaluate(`axe.run(${JSON.stringify(options)})`)
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`))
}

/** Returns how many pixels the page is wider than the window. */
function measureOverflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}

/** Returns the controls that are smaller than 44 pixels, except the cells of the history, which a table shows too. */
function findSmallTargets(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('a, button, summary, input, select')]
    .filter((element) => element.checkVisibility() && !element.matches('.strip-cell, .plot-chooser'))
    .map((element) => [element, element.closest('label:has(input[type=radio])') ?? element.closest('.run, .meter') ?? element])
    .map(([element, target]) => ({ element, ...target.getBoundingClientRect().toJSON() }))
    .filter(({ width, height }) => width < 43.5 || height < 43.5)
    .map(({ element, width, height }) => element.outerHTML.slice(0, 80) + ' is ' + width + ' x ' + height)`)
}

/** Returns the elements that reach beyond the right edge of the window. */
function findOverflowing(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('main *, header *')]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((element) => element.tagName + '.' + element.getAttribute('class')).slice(0, 8)`)
}

/** Returns the counts that are wider than their place. */
export function findWideCounts(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('dd, .number')]
    .filter((element) => element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1)
    .map((element) => element.textContent + ' is wider than its place')`)
}

/** Returns the elements that begin beyond the left edge of the window, where no scrolling reaches. */
function findCutOff(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('main *, header *')]
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([element, { left, width }]) => left < -1 && width > 2 && element.checkVisibility())
    .map(([element]) => element.tagName + '.' + element.getAttribute('class')).slice(0, 4)`)
}

/** Returns the upper part of a page, as far as a picture stays readable. */
function upperPart(page: Page): Promise<{ x: number; y: number; width: number; height: number }> {
  return page.evaluate('({ x: 0, y: 0, width: innerWidth, height: Math.min(2000, document.body.scrollHeight) })')
}

/** The same view in a wide window and on a phone. */
export type Pages = Record<'wide' | 'phone', Page>

/** Returns a function that opens an address in both sizes. */
export async function openPages(t: TestContext): Promise<(url: string) => Promise<Pages>> {
  const browse = await openBrowser(t)
  return async (url) => {
    const [wide, phone] = await Promise.all([
      browse(url, { viewport: { width: 1280, height: 900 } }),
      browse(url, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }),
    ])
    return { wide: wide.page, phone: phone.page }
  }
}

/** Shows the view of another address in both pages. */
export async function showAddress(pages: Pages, hash: string): Promise<void> {
  for (const page of Object.values(pages)) await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
}

/** Waits until both pages are ready, takes their pictures, and finds no violation, nothing too wide or too small to touch. */
export async function inspect(pages: Pages, state: string, ready: (page: Page) => Promise<unknown>): Promise<void> {
  const found = await Promise.all(
    Object.entries(pages).map(async ([size, page]) => {
      await ready(page)
      const faults: string[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const name = `${state}-${size}-${colorScheme}`
        await takePicture(page, name)
        faults.push(...(await findViolations(page, colorScheme)).map((fault) => `${name} ${fault}`))
      }
      const wider = await measureOverflow(page)
      if (wider > 0) faults.push(`${state}-${size} is ${wider} pixels too wide`)
      if (size === 'wide') faults.push(...(await inspectWidths(page, state)))
      else faults.push(...(await findSmallTargets(page)).map((target) => `${state}-${size} ${target}`))
      return faults
    }),
  )
  assert.deepEqual(found.flat(), [])
}

/** Finds what is too wide on a tablet, on a large screen, and on a phone with text of twice the size. */
async function inspectWidths(page: Page, state: string): Promise<string[]> {
  const before = page.viewportSize()
  const faults: string[] = []
  const check = async (name: string, width: number) => {
    await page.setViewportSize({ width, height: 900 })
    const wider = await measureOverflow(page)
    if (wider > 0) faults.push(`${name} is ${wider} pixels too wide: ${await findOverflowing(page)}`)
    faults.push(...(await findCutOff(page)).map((element) => `${name} cuts off ${element}`))
  }
  for (const width of [820, 1920]) {
    await check(`${state}-${width}`, width)
    for (const colorScheme of pictures === null ? [] : (['light', 'dark'] as const)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await takePicture(page, `${state}-${width}-${colorScheme}`)
    }
  }
  await page.evaluate(`document.documentElement.style.fontSize = '200%'`)
  await check(`${state}-390-large-text`, 390)
  await takePicture(page, `${state}-390-large-text`)
  await page.evaluate(`document.documentElement.style.fontSize = ''`)
  if (before !== null) await page.setViewportSize(before)
  return faults
}
