import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { failed } from '../support/mirror.ts'
import { createWorld } from '../support/world.ts'

const trap = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`

test('F27: HTML in names and in error texts is text on the page, and violates no policy', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query('update meter set name = $1, location = $1 where external_id = 2', [trap])
  const agent = await world.agent({
    CLIENT_SYSTEM_NAME: trap,
    CLIENT_SYSTEM_QUERY: `select m.*, case when number::integer is null then 0 end from (
      select *, case when unit = 'broken' then name else '1' end as number from meter) m`,
  })
  await agent.settled()
  await world.source.query(`update meter set unit = 'broken' where external_id = 2`)
  assert.ok((failed(await agent.sync()).message ?? '').includes('<img src=x'))
  const open = await openBrowser(t)
  const { page, complaints } = await open(agent.url)
  await page.getByRole('alert').filter({ hasText: '<img src=x onerror=' }).waitFor()
  await page.goto(`${agent.url}/#/meters`)
  await page.getByText(trap, { exact: false }).last().waitFor()
  assert.equal(await page.locator('img[src="x"]').count(), 0)
  assert.doesNotMatch(await page.title(), /^owned$/)
  assert.deepEqual(complaints, [])
})
