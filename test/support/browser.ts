import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'

/** Where the packages bring no browser, the system's. */
const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** A browser that every test shares; each page has a context of its own. */
export type SharedBrowser = { endpoint: string; close: () => Promise<void> }

/**
 * Starts one browser for the whole suite: the one that comes with the packages, the same on every machine, unpacked into
 * `directory` with the libraries and fonts that a bare machine lacks. Starting one for each test took a second each.
 */
export async function startBrowser(directory: string): Promise<SharedBrowser> {
  const { executablePath, environment } = await findBrowser(directory)
  const server = await chromium.launchServer({
    executablePath,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/tmp', ...environment },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return { endpoint: server.wsEndpoint(), close: () => server.close() }
}

async function findBrowser(
  directory: string,
): Promise<{ executablePath: string; environment?: Record<string, string> }> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const system = systemBrowsers.find((path) => existsSync(path))
    if (!system) throw new Error('There is no Chromium on this machine: install one to run the tests')
    return { executablePath: system }
  }
  const outside = process.env.TMPDIR
  process.env.TMPDIR = directory
  try {
    const { default: packaged, inflate } = await import('@sparticuz/chromium')
    packaged.setGraphicsMode = false
    const executablePath = await packaged.executablePath()
    const archives = fileURLToPath(new URL('../bin', import.meta.resolve('@sparticuz/chromium')))
    const libraries = await inflate(join(archives, 'al2023.tar.br'))
    const fonts = join(directory, 'fonts')
    // What comes with the fonts names directories of another machine; without a single font the browser ends at once.
    writeFileSync(join(fonts, 'fonts.conf'), fontConfiguration(fonts))
    return { executablePath, environment: { LD_LIBRARY_PATH: join(libraries, 'lib'), FONTCONFIG_PATH: fonts } }
  } finally {
    if (outside === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = outside
  }
}

function fontConfiguration(directory: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${directory}</dir><cachedir>${directory}/cache</cachedir></fontconfig>
`
}

export type Watched = {
  page: Page
  /** The errors and warnings of the page's console, and every request to another host; must stay empty. */
  complaints: string[]
}

const recordShifts = `
  globalThis.shifts = []
  new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries())).observe({ type: 'layout-shift', buffered: true })
`

/** Returns the cumulative layout shift of a page, also of shifts soon after input, and what moved most; then begins anew. */
export function takeShift(page: Page): Promise<{ sum: number; most: string }> {
  return page.evaluate(`{
    const shifts = globalThis.shifts.splice(0)
    const [most] = shifts.toSorted((a, b) => b.value - a.value)
    const moved = most?.sources.map(({ node, previousRect: a, currentRect: b }) =>
      (node?.className || node?.nodeName) + ' ' + [a.y, a.height, b.y, b.height].map(Math.round).join())
    ;({ sum: shifts.reduce((sum, { value }) => sum + value, 0), most: (moved ?? []).join('; ') })
  }`)
}

/**
 * Opens pages in the shared browser. They are closed when the test ends. Their user prefers reduced motion: drawing
 * animations without a graphics card takes a processor for as long as a run is active.
 */
export async function openBrowser(t: TestContext) {
  const endpoint = process.env.TEST_BROWSER
  if (!endpoint) throw new Error('There is no browser: run the tests with npm test')
  const browser = await chromium.connect(endpoint)
  t.after(() => browser.close())
  return async (url: string, options: BrowserContextOptions = {}): Promise<Watched> => {
    const context = await browser.newContext({
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      ...options,
    })
    await context.addInitScript(recordShifts)
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const complaints: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin && !request.url().startsWith('data:'))
        complaints.push(request.url())
    })
    await page.goto(url)
    return { page, complaints }
  }
}

/** Holds a page's requests to an address until the returned function is called. */
export async function holdRequests(page: Page, url: string): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  await page.route(url, async (route) => {
    await promise
    await route.continue()
  })
  return resolve
}

/** The figure under a name in a region of the page, such as *Inserted* in *Last sync*. */
function figure(region: Locator, name: string): Locator {
  const term = region.page().locator('dt', { hasText: new RegExp(`^\\s*${name}\\s*$`) })
  return region.locator('dl > div').filter({ has: term }).locator('dd')
}

/** The same, once it reads `count`. */
export async function figureReads(region: Locator, name: string, count: number | string): Promise<void> {
  await figure(region, name)
    .filter({ hasText: new RegExp(`^\\s*${count}\\b`) })
    .waitFor()
}
