import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Databases } from './servers.ts'

/** What people do otherwise to keep a copy of a table, each as its documentation would have it. */
export const ways = {
  orm: 'upserts through the ORM, 1,000 a statement',
  statement: 'an upsert a row',
  merge: 'postgres_fdw and one MERGE',
} as const
export type Way = keyof typeof ways

export function isWay(name: string): name is Way {
  return name in ways
}

export type Otherwise = { way: Way; meters: number; milliseconds: number; peakMemory: number }

const columns = [
  ...['external_id', 'name', 'serial_number', 'kind', 'unit', 'location', 'ip_address', 'port', 'active'],
  ...['model', 'multiplier', 'commissioned_on'],
]

/** Runs one way in a process of its own, over a copy that is already equal. Milliseconds until all of it is done. */
export async function measureOtherwise(databases: Databases, way: Way, meters: number): Promise<Otherwise> {
  const child = fork(fileURLToPath(import.meta.url), [way, databases.clientSystemUrl, databases.floorUrl], {
    stdio: 'inherit',
  })
  const leaveNone = () => void child.kill('SIGKILL')
  process.on('exit', leaveNone)
  try {
    return await new Promise((done, failed) => {
      child.once('message', (message: { milliseconds: number; rows: number; peakMemory: number }) => {
        const { rows, ...measured } = message
        if (rows === meters) done({ way, meters, ...measured })
        else failed(new Error(`${ways[way]} saw ${rows} rows instead of ${meters}`))
      })
      child.once('exit', (code) => failed(new Error(`${ways[way]} ended with ${code}`)))
    })
  } finally {
    process.off('exit', leaveNone)
  }
}

const assignments = columns
  .slice(1)
  .map((name) => `${name} = excluded.${name}`)
  .join(', ')

/** Each prepares what it needs, and returns what is to be timed; that returns the number of rows that it saw. */
const prepare: Record<Way, (from: string, to: string) => Promise<() => Promise<number>>> = {
  orm: async (from, to) => {
    const require = createRequire(import.meta.url)
    const { getTableColumns, sql }: typeof import('drizzle-orm') = require('drizzle-orm')
    const core: typeof import('drizzle-orm/pg-core') = require('drizzle-orm/pg-core')
    const { drizzle }: typeof import('drizzle-orm/node-postgres') = require('drizzle-orm/node-postgres')
    const { boolean, date, inet, integer, numeric, pgTable, text } = core
    const meter = pgTable('meter', {
      external_id: text().primaryKey(),
      name: text().notNull(),
      serial_number: text(),
      kind: text(),
      unit: text(),
      location: text(),
      ip_address: inet(),
      port: integer(),
      active: boolean(),
      model: text(),
      multiplier: numeric(),
      commissioned_on: date(),
    })
    const set = Object.fromEntries(
      Object.keys(getTableColumns(meter))
        .slice(1)
        .map((name) => [name, sql.raw(`excluded.${name}`)]),
    )
    const source = drizzle(from)
    const target = drizzle(to)
    return async () => {
      const rows = await source.select().from(meter)
      for (let at = 0; at < rows.length; at += 1_000) {
        await target
          .insert(meter)
          .values(rows.slice(at, at + 1_000))
          .onConflictDoUpdate({ target: meter.external_id, set })
      }
      return rows.length
    }
  },
  statement: async (from, to) => {
    const [source, target] = [new pg.Client(from), new pg.Client(to)]
    await Promise.all([source.connect(), target.connect()])
    const values = columns.map((_, at) => `$${at + 1}`)
    const text = `insert into meter (${columns}) values (${values}) on conflict (external_id) do update set ${assignments}`
    return async () => {
      const { rows } = await source.query({ text: `select ${columns} from meter`, rowMode: 'array' })
      await target.query('begin')
      for (const row of rows) await target.query({ name: 'upsert', text, values: row })
      await target.query('commit')
      return rows.length
    }
  },
  merge: async (from, to) => {
    const { hostname, port, username, password, pathname } = new URL(from)
    const target = new pg.Client(to)
    await target.connect()
    const quote = pg.escapeLiteral
    await target.query(`
      create extension if not exists postgres_fdw;
      drop server if exists client_system cascade;
      create server client_system foreign data wrapper postgres_fdw
        options (host ${quote(hostname)}, port ${quote(port)}, dbname ${quote(pathname.slice(1))}, fetch_size '10000');
      create user mapping for current_user server client_system
        options (user ${quote(username)}, password ${quote(decodeURIComponent(password))});
      create foreign table theirs (like meter) server client_system options (table_name 'meter')`)
    const others = columns.slice(1)
    return async () => {
      await target.query(`
        merge into meter m using theirs t on t.external_id = m.external_id
        when matched and (${others.map((name) => `t.${name}`)}) is distinct from (${others.map((name) => `m.${name}`)})
          then update set ${others.map((name) => `${name} = t.${name}`)}
        when not matched then insert values (${columns.map((name) => `t.${name}`)})`)
      const { rows } = await target.query<{ rows: number }>('select count(*)::int as rows from meter')
      return rows[0]?.rows ?? 0
    }
  },
}

if (process.send) {
  const [, , way = '', from = '', to = ''] = process.argv
  if (!isWay(way)) throw new Error(`${way} is none of the ways: ${Object.keys(ways)}`)
  const run = await prepare[way](from, to)
  const started = performance.now()
  const rows = await run()
  const milliseconds = Math.round(performance.now() - started)
  process.send({ milliseconds, rows, peakMemory: process.resourceUsage().maxRSS * 1_024 })
  process.disconnect()
  process.exit(0)
}
