import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgBoss } from 'pg-boss'
import { createMeters } from '../support/meters.ts'
import { createWorld, findLogged } from '../support/world.ts'

test('a scheduled sync that cannot be queued is logged', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'not today'; end $$;
    create trigger refuse before insert on sync.run for each row execute function refuse()`)
  const boss = new PgBoss({ connectionString: world.sync.url, migrate: false, supervise: false, schedule: false })
  await boss.start()
  world.after(() => boss.stop())
  await boss.send('meter-sync-schedule.main', {})
  const { level, clientSystem, err } = await findLogged(agent, 'the scheduled sync could not be queued')
  assert.deepEqual([level, clientSystem], ['error', 'main'])
  assert.match(JSON.stringify(err), /not today/)
})
