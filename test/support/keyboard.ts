import type { Locator, Page } from 'playwright-core'

/** Presses Tab until what has the focus is what was looked for, as someone without a mouse would. */
export async function tabTo(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    if ((await wanted.count()) > 0 && (await wanted.evaluate((element) => element.matches(':focus')))) return
    await page.keyboard.press(key)
  }
  throw new Error(`80 presses of ${key} did not lead to ${wanted}`)
}
