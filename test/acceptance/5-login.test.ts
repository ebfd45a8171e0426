import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { figureReads, openBrowser } from '../support/browser.ts'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

const token = 'the-token-of-the-administrator'

/** Removes the console's messages about answers with these statuses, which the test causes. */
function without(complaints: string[], ...statuses: number[]): string[] {
  return complaints.filter((text) => !statuses.some((status) => text.includes(`status of ${status}`)))
}

async function logIn(page: Page, given = token): Promise<void> {
  await page.getByLabel('Token').fill(given)
  await page.getByRole('button', { name: 'Log in' }).click()
}

test('when a token is set, the page requires it, becomes live without a reload, and clears its data at the logout', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent({ AUTH_TOKEN: token })
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(`${agent.url}/#/?outcome=succeeded`)
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  assert.equal(await page.getByLabel('Token').getAttribute('type'), 'password')
  await page.getByLabel('Token').and(page.locator(':focus')).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Sync now' }).count(), 0)
  await page.evaluate('globalThis.samePage = true')

  await logIn(page, 'a guess')
  await page.getByRole('alert').getByText('That token is not correct.').waitFor()
  assert.equal(await page.getByLabel('Token').inputValue(), '')
  await page.getByLabel('Token').and(page.locator(':focus')).waitFor()

  await logIn(page)
  await page.getByText('Live', { exact: true }).waitFor()
  await page.getByRole('heading', { name: 'Sync Status', level: 1 }).and(page.locator(':focus')).waitFor()
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 5)
  assert.match(page.url(), /#\/\?outcome=succeeded$/)
  const kept = await page.evaluate(
    'JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, document.cookie])',
  )
  assert.ok(!String(kept).includes(token))
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByRole('status').getByText('Sync finished').waitFor()

  // Whichever comes first: the page leaves its stream, or the agent ends it.
  const isStream = (request: { url(): string }) => request.url().endsWith('/api/events')
  const stream = Promise.race([
    page.waitForEvent('requestfailed', isStream),
    page.waitForEvent('requestfinished', isStream),
  ])
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await stream
  assert.equal(await page.getByText('Your session has ended').count(), 0)
  assert.equal(await page.getByRole('region', { name: 'Last sync' }).count(), 0)
  assert.deepEqual(await page.context().cookies(), [])
  assert.equal(await page.evaluate('globalThis.samePage'), true)
  assert.deepEqual(without(complaints, 401), [])
})

test('a login that may only read sees everything, and which scope the buttons need', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent()
  const { out } = await runCommand(['token', 'create', 'Viewer', '--scope', 'read'], world.environment())
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(`${agent.url}/`)
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await logIn(page, out.trim())
  await figureReads(page.getByRole('region', { name: 'Last sync' }), 'Inserted', 5)
  const button = page.getByRole('button', { name: 'Sync now' })
  assert.ok(await button.isDisabled())
  const reason = await button.getAttribute('aria-describedby')
  assert.match((await page.locator(`#${reason}`).textContent()) ?? '', /the scope operate/)
  assert.deepEqual(without(complaints, 401), [])
})

test('a session that ends while the page is open shows the form again, and the address stays', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  const agent = await world.agent({ AUTH_TOKEN: token })
  // The end of a sync makes the page request the counts of the filters again, also after the session has ended.
  const succeeded = `select from sync.run where status = 'succeeded'`
  await eventually(async () => (await world.sync.query(succeeded)).length > 0)
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(`${agent.url}/#/meters?q=S3`)
  await logIn(page)
  await page.getByRole('link', { name: '3', exact: true }).waitFor()

  // The view has received everything that it requests by itself. The click is the first request after the session ended.
  await page
    .getByRole('option', { name: /\(\d+\)$/ })
    .first()
    .waitFor({ state: 'attached' })
  await page.context().clearCookies()
  await page.getByRole('link', { name: '3', exact: true }).click()
  await page.getByText('Your session has ended').waitFor()
  assert.match(page.url(), /#\/meters\/\d+\?q=S3$/)
  await logIn(page)
  await page.getByRole('region', { name: 'History', exact: true }).waitFor()

  // The agent comes back with another token: the stream is refused, without a request of the page.
  await agent.stop()
  await page.getByText('Not live', { exact: true }).waitFor()
  const { port } = new URL(agent.url)
  await world.agent({ AUTH_TOKEN: `another-${token}`, PORT: port })
  await page.getByText('Your session has ended').waitFor({ timeout: 40_000 })
  await logIn(page, `another-${token}`)
  await page.getByRole('region', { name: 'History', exact: true }).waitFor()
  assert.deepEqual(
    without(complaints, 401).filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(text)),
    [],
  )
})

test('the page shows why a login fails: too many wrong tokens and how long to wait, an agent that is down', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  const alert = page.getByRole('alert')
  for (let count = 0; count < 10; count++) {
    await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token: `guess ${count}` }) })
  }
  await logIn(page, 'one guess more')
  await alert.getByText('Too many wrong tokens').waitFor()
  await alert.getByText(/^Wait \d+ seconds?, then try again\.$/).waitFor()
  await page.getByText(/^You can try again in \d+ seconds?\.$/).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Log in' }).getAttribute('aria-disabled'), 'true')

  await page.reload()
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await agent.stop()
  await logIn(page)
  await alert.getByText('The agent did not answer.').waitFor()
  // It never arrived: the next press sends it again.
  assert.equal(await page.getByLabel('Token').inputValue(), token)
})

test('a failed logout shows that the session continues', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  await logIn(page)
  await page.getByText('Never synced').waitFor()
  await agent.stop()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('alert').getByText('You are still logged in.').waitFor()
})

test('a login or a logout in one tab applies to every tab of the browser', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const browse = await openBrowser(t)
  const { page } = await browse(agent.url)
  const other = await page.context().newPage()
  await other.goto(agent.url)
  await other.getByRole('heading', { name: 'Log in' }).waitFor()
  await logIn(page)
  await other.getByText('Never synced').waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await other.getByRole('heading', { name: 'Log in' }).waitFor()
})

test('without a token the page shows no login', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const browse = await openBrowser(t)
  const { page, complaints } = await browse(agent.url)
  await page.getByText('Never synced').waitFor()
  assert.equal(await page.getByText(/log (in|out)|token/i).count(), 0)
  assert.deepEqual(complaints, [])
})
