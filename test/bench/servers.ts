import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { sqlBeside } from '../../src/db/sql-file.ts'
import { type Postgres, startPostgres } from '../../src/demo/postgres.ts'

/** What a server in production is set to; whatever is not named here stays as PostgreSQL ships it. */
export const settings = { shared_buffers: '512MB', max_wal_size: '4GB' }

/** Told in the output, with the settings above: nothing that makes a database slow and safe is off. */
export const shippedSettings = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'autovacuum'] as const

const createMeters = sqlBeside(import.meta.url, 'create-meters.sql')
const fillMeters = sqlBeside(import.meta.url, 'fill-meters.sql')
const changeMeters = sqlBeside(import.meta.url, 'change-meters.sql')

export type Version = 18 | 15

/** A server of the Client System, one of the Sync database, and on the latter a second copy of the meters. */
export type Servers = AsyncDisposable & {
  /** Empty databases, a Sync database for each of the source trees that are measured, the meters filled in twice: in the Client System and, for the floor, beside the Sync database. */
  fill: (meters: number, trees?: number) => Promise<Databases>
  /** Processor seconds of all processes of both servers; null where /proc is missing. Other load changes it little, unlike times. */
  processorSeconds: () => number | null
  /** Version, and the settings as the servers report them. */
  describe: () => Promise<{ version: string; settings: Record<string, string> }>
  /** Ends the servers and removes their files. Can be called twice. */
  stop: () => Promise<void>
}

export type Databases = {
  clientSystemUrl: string
  /** The Sync database of the first source tree. */
  syncUrl: string
  /** Those of all source trees. */
  syncUrls: string[]
  /** Where the floor's program works, on the Sync database's server. */
  floorUrl: string
  /** Makes an empty database on the Sync database's server, in place of the one before, and returns its URL. */
  empty: () => Promise<string>
  /** Changes one meter in `every` in the Client System; `value` is new each time. Returns how many. */
  change: (every: number, value: number) => Promise<number>
  /** Empties the Sync databases of meters and runs. */
  forget: () => Promise<void>
  /**
   * Waits until the agents' work after a run has ended. Then does what autovacuum and the checkpointer would have done within
   * the hour, so that they do not do it meanwhile.
   */
  settle: () => Promise<void>
}

export async function startServers(version: Version): Promise<Servers> {
  const directory = mkdtempSync(join(tmpdir(), 'meter-sync-bench-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const start = async (name: string) => {
    const server = await startPostgres({ directory: join(directory, name), version, settings })
    cleanup.defer(() => server.stop())
    return server
  }
  const clientSystem = await start('client-system')
  const sync = await start('sync')
  const owned = cleanup.move()
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= owned.disposeAsync()
    return stopped
  }
  return {
    fill: async (meters, trees = 1) => {
      const names = Array.from({ length: trees }, (_, at) => `sync_${at}`)
      await recreate(clientSystem, 'client_system')
      for (const name of [...names, 'floor']) await recreate(sync, name)
      const databases = connect(clientSystem, sync, names)
      for (const url of [databases.clientSystemUrl, databases.floorUrl]) {
        await within(url, async (client) => {
          await client.query(createMeters)
          await client.query(fillMeters, [meters])
          await client.query('vacuum (freeze, analyze) meter')
        })
      }
      return databases
    },
    processorSeconds: () => {
      const spent = ['client-system', 'sync'].map((name) => spentByServer(join(directory, name)))
      return spent.reduce((sum, seconds) => (sum === null || seconds === null ? null : sum + seconds), 0)
    },
    describe: () =>
      within(sync.url('postgres'), async (client) => {
        const names = [...Object.keys(settings), ...shippedSettings]
        const { rows } = await client.query<{ name: string; value: string }>(
          'select name, current_setting(name) as value from unnest($1::text[]) name',
          [names],
        )
        const version = await client.query<{ server_version: string }>('show server_version')
        return {
          version: version.rows[0]?.server_version ?? '',
          settings: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
        }
      }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function connect(clientSystem: Postgres, sync: Postgres, names: string[]): Databases {
  const clientSystemUrl = clientSystem.url('client_system')
  const syncUrls = names.map((name) => sync.url(name))
  return {
    clientSystemUrl,
    syncUrl: syncUrls[0] ?? '',
    syncUrls,
    floorUrl: sync.url('floor'),
    empty: async () => {
      await recreate(sync, 'empty')
      return sync.url('empty')
    },
    change: (every, value) =>
      within(clientSystemUrl, async (client) => (await client.query(changeMeters, [every, value])).rowCount ?? 0),
    forget: async () => {
      for (const url of syncUrls) {
        await within(url, async (client) => {
          await client.query(`
            truncate sync.meter, sync.run restart identity cascade;
            do $$ begin
              if to_regclass('sync.meter_listing') is not null then truncate sync.meter_listing; end if;
            end $$;
            update sync.client_system
            set meters_total = 0, meters_active = 0, source_fingerprint = null, content_digest = null`)
        })
      }
    },
    settle: async () => {
      for (const url of [clientSystemUrl, ...syncUrls]) {
        await within(url, async (client) => {
          await untilIdle(client)
          await client.query('vacuum (analyze)')
          await client.query('checkpoint')
        })
      }
    },
  }
}

/** Processor seconds of a server's processes: those that run and those that have ended. */
function spentByServer(data: string): number | null {
  try {
    const postmaster = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
    const running = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readProcess(Number(pid)) ?? [])
      .filter(({ parent }) => parent === postmaster)
    const ended = readProcess(postmaster)?.endedChildren ?? 0
    return ended + running.reduce((sum, { own }) => sum + own, 0)
  } catch {
    return null
  }
}

/** Processor seconds of a process and of its children that have ended; null when the process does not exist. */
function readProcess(pid: number): { parent: number; own: number; endedChildren: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name in parentheses: state, parent, …; times are in hundredths of a second.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const seconds = (user: number, system: number) => ((fields[user] ?? 0) + (fields[system] ?? 0)) / 100
    return { parent: fields[1] ?? 0, own: seconds(11, 12), endedChildren: seconds(13, 14) }
  } catch {
    return null
  }
}

/** Waits until no other session of the database has executed a statement for half a second. */
async function untilIdle(client: pg.Client): Promise<void> {
  const busy = `
    select from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'`
  for (let idle = 0; idle < 5; idle++) {
    if ((await client.query(busy)).rowCount !== 0) idle = -1
    await pause(100)
  }
}

async function recreate(server: Postgres, name: string): Promise<void> {
  await within(server.url('postgres'), async (client) => {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.query(`create database ${name}`)
  })
}

async function within<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
