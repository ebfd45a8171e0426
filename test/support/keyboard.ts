import type { Locator, Page } from 'playwright-core'

/**
 * Waits until what is looked for is there, then presses Tab until it has the focus, as someone without a mouse would.
 * Presses before that would walk through the page, and the strip of days keeps the day that had the focus last as its stop.
 */
export async function tabTo(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
  await wanted.waitFor()
  for (let presses = 0; presses < 80; presses++) {
    if ((await wanted.count()) > 0 && (await wanted.evaluate((element) => element.matches(':focus')))) return
    await page.keyboard.press(key)
  }
  throw new Error(`80 presses of ${key} did not lead to ${wanted}`)
}
