import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually, findLogged } from '../support/world.ts'

test('R8.10: history older than HISTORY_DAYS is pruned, except the last success and the last failure', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({ HISTORY_DAYS: '30' })
  await agent.settled()
  await world.sync.query(
    `insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, finished_at)
     select gen_random_uuid(), 'main', 'schedule', status, -days, now() - make_interval(days => days), now() - make_interval(days => days)
     from (values ('succeeded', 40), ('failed', 50), ('failed', 60), ('cancelled', 70)) old (status, days)`,
  )
  await world.sync.query(`insert into pgboss.job (name) values ('meter-sync-prune.main')`)
  const remaining = () =>
    world.sync.query<{ days: number }>(
      `select extract(day from now() - queued_at)::int as days from sync.run order by 1`,
    )
  await eventually(async () => (await remaining()).length === 2)
  assert.deepEqual(await remaining(), [{ days: 0 }, { days: 50 }])
})

test('R8.10: rejected rows are removed after 7 days, except those of the latest run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query(`insert into meter (external_id, name) values (900, ' ')`)
  const agent = await world.agent()
  const runs = [await agent.settled(), await agent.sync(), await agent.sync()]
  const ids = runs.map(({ id }) => id)
  for (const [at, days] of [8, 6, 8].entries())
    await world.sync.query('update sync.run set finished_at = now() - make_interval(days => $2) where id = $1', [
      ids[at],
      days,
    ])
  const remaining = async () =>
    (await world.sync.query<{ id: string }>('select run_id as id from sync.rejected_row')).map(({ id }) => id)
  assert.deepEqual(new Set(await remaining()), new Set(ids))
  await world.sync.query(`insert into pgboss.job (name) values ('meter-sync-prune.main')`)
  await eventually(async () => (await remaining()).length < 3)
  assert.deepEqual(new Set(await remaining()), new Set(ids.slice(1)))
})

test('the last success is kept at any age while later runs fail', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ HISTORY_DAYS: '30' })
  assert.equal((await agent.settled()).status, 'failed')
  await world.sync.query(`
    insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, finished_at)
      select gen_random_uuid(), 'main', 'schedule', status, -days, now() - make_interval(days => days), now() - make_interval(days => days)
      from (values ('succeeded', 40), ('succeeded', 50), ('failed', 60)) old (status, days);
    insert into pgboss.job (name) values ('meter-sync-prune.main')`)
  const remaining = () =>
    world.sync.query(`select status, extract(day from now() - queued_at)::int as days from sync.run order by days`)
  await eventually(async () => (await remaining()).length === 2)
  assert.deepEqual(await remaining(), [
    { status: 'failed', days: 0 },
    { status: 'succeeded', days: 40 },
  ])
})

test('history that cannot be removed is logged', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({ HISTORY_DAYS: '30' })
  await agent.settled()
  await world.sync.query(`
    insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, finished_at)
      values (gen_random_uuid(), 'main', 'schedule', 'cancelled', 0, now() - interval '40 days', now() - interval '40 days');
    create function refuse() returns trigger language plpgsql as $$ begin raise 'not today'; end $$;
    create trigger refuse before delete on sync.run for each row execute function refuse();
    insert into pgboss.job (name) values ('meter-sync-prune.main')`)
  const { err } = await findLogged(agent, 'old history could not be removed; retrying tomorrow')
  assert.match(JSON.stringify(err), /not today/)
})

test('readings that have waited for more than 30 days are deleted', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(`
    insert into sync.waiting_reading (client_system_id, external_id, quantity, read_at, value, received_at)
      select 'main', days::text, 'energy', now(), 1, now() - make_interval(days => days)
      from unnest('{29,31}'::int[]) days;
    insert into pgboss.job (name) values ('meter-sync-prune.main')`)
  const waiting = () => world.sync.query('select external_id as days from sync.waiting_reading')
  await eventually(async () => (await waiting()).length < 2)
  assert.deepEqual(await waiting(), [{ days: '29' }])
})
