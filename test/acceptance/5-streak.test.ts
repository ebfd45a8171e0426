import { test } from 'node:test'
import { openBrowser } from '../support/browser.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

test('several failures in a row read as one, with the time of the last success', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('alter table meter rename to meter_away')
  for (let count = 0; count < 4; count++) await agent.sync()
  await agent.stop()
  const setTimes = `
    update sync.run set queued_at = at, started_at = at, finished_at = at
    from (
      select id as run_id, now() - (array['4 h 10 min', '3 h 20 min', '2 h', '1 h', '1 min'])[row_number() over (order by queued_at)]::interval as at
      from sync.run
    ) as times
    where id = run_id`
  await world.sync.query(setTimes)
  const later = await world.agent({ ROLE: 'api' })
  const browse = await openBrowser(t)
  const { page } = await browse(later.url)
  const headline = page.locator('.headline')
  const words = headline.locator('.headline-words')
  await words.getByText('Failing for 3 h', { exact: true }).waitFor()
  await words.getByText(/4 attempts, last success \d\d:\d\d$/).waitFor()
  await headline.getByText('The meters are as they were at the last success.').waitFor()

  await later.stop()
  await headline.getByText(/^Unknown, failing at \d\d:\d\d$/).waitFor()

  // Without any success.
  await world.sync.query(`delete from sync.run where status = 'succeeded'`)
  const never = await world.agent({ ROLE: 'api' })
  await page.goto(never.url)
  await words.getByText('4 attempts, no success yet').waitFor()
})
