import { loadavg } from 'node:os'
import pg from 'pg'
import { migrate } from '../../src/db/migrate.ts'
import { sqlBeside } from '../../src/db/sql-file.ts'
import { transaction } from '../../src/db/transaction.ts'
import { countFacets } from '../../src/meters/facets.ts'
import { listMeters, type MeterListRequest } from '../../src/meters/list.ts'
import { computeListing, findFoldCase, listingColumns } from '../../src/meters/listing-columns.ts'
import { correctListing, updateListing } from '../../src/meters/update-listing.ts'
import { median, quantile } from './report.ts'
import type { Servers } from './servers.ts'

const fillListed = sqlBeside(import.meta.url, 'fill-listed.sql')

const everything: MeterListRequest = {
  clientSystemId: 'main',
  search: null,
  state: 'all',
  kind: null,
  location: null,
  collection: null,
  sort: 'externalId',
  order: 'asc',
  after: null,
}

/** What people search, by a number that makes each search another one. */
const searches: Record<string, (number: number) => Partial<MeterListRequest>> = {
  'exact id': (number) => ({ search: idOf(number) }),
  'exact serial number': (number) => ({ search: serialOf(number) }),
  'beginning of an id': (number) => ({ search: idOf(number).slice(0, -2) }),
  'middle of a name': (number) => ({ search: ['iler roo', 'tairwe', 'p hou', 'xchang'][number % 4] ?? '' }),
  'two words': (number) => ({ search: `harbour ${number % 1000}` }),
  'three words': (number) => ({ search: `pump mill ${number % 400}` }),
  'a word with an error at its end': (number) => ({ search: `stairwellx ${number}` }),
  'rare word': () => ({ search: 'temporary' }),
  'frequent word': () => ({ search: 'road' }),
  'nothing found': (number) => ({ search: `qxz${number}` }),
  'two letters': (number) => ({ search: ['oa', 'st', '12', '7,'][number % 4] ?? '' }),
  'two letters, nothing found': () => ({ search: 'qx' }),
  'rare word, by name': () => ({ search: 'temporary', sort: 'name' }),
  'frequent word, by location': () => ({ search: 'boiler', sort: 'location', order: 'desc' }),
  'sorted by id': () => ({}),
  'sorted by name': () => ({ sort: 'name' }),
  'sorted by name, descending': () => ({ sort: 'name', order: 'desc' }),
  'sorted by location': () => ({ sort: 'location' }),
  'sorted by last change': () => ({ sort: 'updated', order: 'desc' }),
  'sorted by last reading': () => ({ sort: 'lastReading', order: 'desc' }),
  'state inactive': () => ({ state: 'inactive' }),
  kind: () => ({ kind: 'water', sort: 'name' }),
  location: (number) => ({ location: locationOf(number) }),
  'collection reporting': () => ({ collection: 'reporting' }),
  'collection silent': () => ({ collection: 'silent' }),
  'collection never': () => ({ collection: 'never' }),
}

const idOf = (number: number) => `M${String(number).padStart(8, '0')}`
const serialOf = (number: number) =>
  Number((BigInt(number) * 48_271n) % 2_147_483_647n)
    .toString(16)
    .padStart(8, '0')
const streets = ['Oak street', 'Mill lane', 'Harbour road', 'Market square', 'Station road']
const locationOf = (number: number) => `${streets[number % 5]} ${number % 400}, floor ${number % 7}`

/** What was done, and how many milliseconds each time took. */
export type SearchTimes = { meters: number; done: { name: string; times: number[] }[] }

/** How long searches of `meters` meters take, `repeat` of each for different values, and what keeping their list costs. */
export async function measureSearches(
  servers: Servers,
  { meters, repeat, log }: { meters: number; repeat: number; log: (text: string) => void },
): Promise<SearchTimes> {
  const { syncUrl } = await servers.fill(0)
  await migrate({ url: syncUrl, tls: false })
  // Like the pool of the agent.
  const pool = new pg.Pool({ connectionString: syncUrl, max: 6, options: '-c jit=off -c random_page_cost=2' })
  const done: SearchTimes['done'] = []
  const measure = async (name: string, count: number, work: (number: number) => Promise<unknown>) => {
    const times: number[] = []
    for (let at = 0; at < count; at++) {
      const begun = performance.now()
      await work(1 + ((at * 7_368_787) % meters))
      times.push(performance.now() - begun)
    }
    done.push({ name, times })
  }
  try {
    log(`${meters} meters`)
    await fillMeters(pool, meters)
    if (meters > maxFilled) await buildList(pool)
    else await measure('filling the list', 1, () => correctListing(pool, 'main'))
    await pool.query('update sync.client_system set listed_run_id = changed_run_id')
    await pool.query('vacuum (analyze) sync.meter_listing')
    log(`searches, load average ${loadavg().map((load) => load.toFixed(1))}`)
    for (const [name, search] of Object.entries(searches)) {
      await measure(name, repeat, (number) => listMeters(pool, { ...everything, ...search(number) }, 50))
    }
    await measure('facets of everything', 5, () => countFacets(pool, everything, 50))
    await measure('facets of a kind', 5, () => countFacets(pool, { ...everything, kind: 'water' }, 50))
    await measure('facets of a search', 5, () => countFacets(pool, { ...everything, search: 'pump 77' }, 50))
    await measure('comparing the list when nothing differs', 3, () => correctListing(pool, 'main'))
    await measure('listing what a run changed, 1,000 meters', 5, () => listThousand(pool))
    log(`done, load average ${loadavg().map((load) => load.toFixed(1))}`)
    return { meters, done }
  } finally {
    await pool.end()
  }
}

async function fillMeters(pool: pg.Pool, meters: number): Promise<void> {
  await pool.query(fillListed, [meters])
  await pool.query(
    `insert into sync.client_system (id, name, meters_total, meters_active, changed_run_id)
     select 'main', 'Client System', count(*), count(*) filter (where active), gen_random_uuid() from sync.meter`,
  )
  await pool.query('vacuum (analyze) sync.meter, sync.meter_collection')
}

/** The agent fills the list of more meters too, but that takes a quarter of an hour. */
const maxFilled = 1_000_000

/** Fills the list before its indexes are created. One process creates them, so that it takes at most 1 GB of memory. */
async function buildList(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(`set maintenance_work_mem = '768MB'; set max_parallel_maintenance_workers = 0`)
    const { rows: indexes } = await client.query<{ indexname: string; indexdef: string }>(
      `select indexname, indexdef from pg_indexes
       where schemaname = 'sync' and tablename = 'meter_listing' and indexname <> 'meter_listing_pkey'`,
    )
    for (const { indexname } of indexes) await client.query(`drop index sync.${indexname}`)
    await client.query(
      `insert into sync.meter_listing (${listingColumns})
       select ${computeListing(await findFoldCase(client))} from sync.meter m order by m.id`,
    )
    for (const { indexdef } of indexes) await client.query(indexdef)
  } finally {
    client.release()
  }
}

/** Lists meters as a run does that changed them. */
async function listThousand(pool: pg.Pool): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(`
      create temporary table staging (external_id text) on commit drop;
      create temporary table change on commit drop as
      select 'update' as operation, id as meter_id, null::tid as staged from sync.meter order by hashint8(id) limit 1000`)
    await updateListing(client, 'main')
  })
}

/** Markdown, ready for docs/benchmarks.md. */
export function searchesToMarkdown({ meters, done }: SearchTimes, version: string): string {
  const rows = done.map(({ name, times }) => [name, median(times).toFixed(1), quantile(times, 0.95).toFixed(1)])
  const head = [`PostgreSQL ${version}, ${meters.toLocaleString('en')} meters`, 'median, ms', '95 %, ms']
  return [head, [':--', '--:', '--:'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
