import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Environment } from '../../src/config/environment.ts'
import type { Counts, Run, RunError } from '../../src/wire/types.ts'
import { createMeters } from './meters.ts'
import { createWorld, type Database, type World } from './world.ts'

/** Starts an agent beside a Client System with `count` meters, and waits until it has read them. */
export async function startMirror(t: TestContext, count: number, environment: Environment = {}) {
  const world = await createWorld(t)
  await createMeters(world.source, count)
  const agent = await world.agent(environment)
  assertRead(await agent.settled(), 'full', 'agent_started')
  return { world, agent }
}

/** Returns the row version of every meter. Each write changes it, even a write of the same values. */
export async function rowVersions(sync: Database) {
  return await sync.query('select id, external_id, xmin::text, ctid::text from sync.meter order by id')
}

/** Returns the run that was queued last, as it is stored. */
export async function findLastRun({ sync }: Pick<World, 'sync'>) {
  const [run] = await sync.query<{ status: string; error_code: string | null }>(
    'select status, error_code from sync.run order by queued_at desc limit 1',
  )
  return run
}

/** Returns the counts of a run, and fails unless it succeeded. */
export function counted(run: Run): Counts {
  if (run.status !== 'succeeded' || !run.counts)
    throw new Error(`The run did not succeed: ${JSON.stringify(run.error)}`)
  return run.counts
}

/** Returns the error of a run, and fails unless it failed. */
export function failed(run: Run): RunError {
  if (run.status !== 'failed' || !run.error) throw new Error(`The run did not fail: ${JSON.stringify(run)}`)
  return run.error
}

export function assertCounts(run: Run, expected: Partial<Counts>): void {
  const none = { inserted: 0, updated: 0, rejected: 0, restored: 0, deleted: 0, withheld: 0 }
  const { read, unchanged, ...counts } = counted(run)
  assert.deepEqual({ ...counts, ...(expected.read !== undefined && { read }) }, { ...none, ...expected })
  assert.equal(read, counts.inserted + counts.updated + unchanged + counts.rejected)
}

/** Checks how a run read the Client System and why, and that it proved both sides equal. */
export function assertRead(
  run: Run,
  mode: 'full' | 'narrow',
  reason: NonNullable<Run['readReason']>['code'] | null = null,
): void {
  assert.equal(run.readMode, mode, JSON.stringify(run.readReason ?? run.error))
  if (reason) assert.deepEqual(run.readReason, { code: reason })
  else if (mode === 'narrow') assert.equal(run.readReason, null)
  assert.match(run.proof?.digest ?? '', /^[0-9a-f]{16}$/)
}

/** The differences between two databases, computed by PostgreSQL. */
export type Comparison = {
  /** The counts of a run that starts now, without rejected and withheld rows. */
  difference: () => Promise<Omit<Counts, 'rejected' | 'withheld'>>
  /** The present meters that exist on one side only, compared byte by byte. */
  unequal: () => Promise<Record<string, unknown>[]>
}

const columns = ['name', 'serial_number', 'kind', 'unit', 'location', 'ip_address', 'port']
const keys = ['external_id', ...columns, 'active']

/**
 * Links the table of the Client System into the Sync database and compares there. This shares no code with the agent.
 */
export async function compareBothSides({ source, sync }: Pick<World, 'source' | 'sync'>): Promise<Comparison> {
  const url = `${source.url}?options=${encodeURIComponent('-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres')}`
  const texts = columns.map((name) => `row ->> '${name}'`).join(', ')
  const remote = `select row ->> 'external_id', ${texts}, coalesce(row ->> 'active', 'true'), (row - '{${keys}}'::text[])::text
    from (select to_jsonb(m) as row from meter m) m`
  await sync.query('create extension dblink')
  await sync.query(`create view public.theirs as
    select external_id collate "C" as external_id, ${columns}, active, attributes
    from dblink('${url}', $remote$${remote}$remote$) t(${[...keys, 'attributes'].map((name) => `${name} text`)})`)
  await sync.query(`create view public.ours as
    select external_id, ${columns.map((name) => `${name}::text`)}, active::text, attributes::text, removed_at
    from sync.meter`)
  return {
    difference: async () => {
      const values = [...columns, 'active', 'attributes']
      const [counts] = await sync.query<Omit<Counts, 'rejected' | 'withheld'>>(`
        with pair as (
          select t.external_id as theirs, o.external_id as ours, o.removed_at,
            (${values.map((name) => `t.${name}`)}) is distinct from (${values.map((name) => `o.${name}`)}) as differs
          from theirs t full join ours o using (external_id)
        )
        select
          count(theirs)::int as read,
          count(*) filter (where ours is null)::int as inserted,
          count(*) filter (where theirs = ours and (differs or removed_at is not null))::int as updated,
          count(*) filter (where theirs = ours and not differs and removed_at is null)::int as unchanged,
          count(*) filter (where theirs = ours and removed_at is not null)::int as restored,
          count(*) filter (where theirs is null and removed_at is null)::int as deleted
        from pair`)
      if (!counts) throw new Error('counting returned no row')
      return counts
    },
    unequal: async () => {
      const all = ['external_id', ...columns, 'active', 'attributes']
      return await sync.query(`
        (select 'theirs' as side, * from (select ${all} from theirs except all select ${all} from ours where removed_at is null) x)
        union all
        (select 'ours', * from (select ${all} from ours where removed_at is null except all select ${all} from theirs) x)
        limit 5`)
    },
  }
}
