import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createWorld } from '../support/world.ts'

test('each rejected row marks the value that is wrong, also where there is none', async (t) => {
  const world = await createWorld(t)
  await world.source.query('create table meter (external_id text, name text, port text, active text)')
  await world.source.query(`insert into meter values
    ('1', 'Valid', '502', 'true'), (null, 'a', '1', 'true'), (' ', 'b', '1', 'true'), (repeat('x', 1001), 'c', '1', 'true'),
    ('5', 'd', '1', 'true'), ('5', 'd', '1', 'true'), ('6', null, '1', 'true'), ('7', ' ', '1', 'true'),
    ('8', 'e', '99999', 'true'), ('9', 'f', '1', 'maybe')`)
  const agent = await world.agent()
  const run = await agent.settled()
  const browse = await openBrowser(t)
  const { page } = await browse(`${agent.url}/#/runs/${run.id}/rejected`)
  const rows = page.getByRole('region', { name: 'Rejected rows' }).locator('.change-list > li')
  await rows.nth(8).waitFor()
  assert.equal(await rows.count(), 9)
  for (const row of await rows.all()) {
    const reason = (await row.locator('.reason').textContent()) ?? '?'
    const marked = await row.locator('.wrong').allTextContents()
    assert.equal(marked.length, 1, reason)
    const [column = '?'] = reason.split(' ')
    assert.ok(marked[0]?.startsWith(column) && marked[0].endsWith(reason), `${marked[0]}`)
  }
})
