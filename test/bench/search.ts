import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { sqlBeside } from '../../src/db/connect.ts'
import { migrate } from '../../src/db/migrate.ts'
import { startPostgres } from '../../src/demo/postgres.ts'
import { countFacets } from '../../src/meters/facets.ts'
import { listMeters, type MeterListing } from '../../src/meters/list.ts'
import { listAnew } from '../../src/meters/listing.ts'
import { settings } from './servers.ts'

const usage = `Measures searches of meters, on a PostgreSQL server of its own.

Usage: node test/bench/search.ts [options]

  --meters LIST    sizes, separated by commas (100000,1000000)
  --postgres LIST  versions of PostgreSQL, separated by commas (18,15)
  --repeat N       repetitions of each search, each for other values (40)
  --help           this text
`

const fillListed = sqlBeside(import.meta.url, 'fill-listed.sql')

const everything: MeterListing = {
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
const searches: Record<string, (number: number) => Partial<MeterListing>> = {
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

const { values: options } = parseArgs({
  options: {
    meters: { type: 'string', default: '100000,1000000' },
    postgres: { type: 'string', default: '18,15' },
    repeat: { type: 'string', default: '40' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) process.stdout.write(usage)
else {
  for (const version of options.postgres.split(',')) {
    for (const meters of options.meters.split(',')) await measure(version === '15' ? 15 : 18, Number(meters))
  }
}

async function measure(version: 18 | 15, meters: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'meter-sync-search-'))
  chmodSync(directory, 0o755)
  const server = await startPostgres({ directory: join(directory, 'server'), version, settings })
  try {
    const url = server.url('postgres')
    await migrate({ url, tls: false })
    const pool = new pg.Pool({ connectionString: url, max: 6 })
    await pool.query(fillListed, [meters])
    await pool.query(
      `insert into sync.client_system (id, name, meters_total, meters_active, changed_run_id)
       select 'main', 'Client System', count(*), count(*) filter (where active), gen_random_uuid() from sync.meter`,
    )
    await pool.query('vacuum (analyze) sync.meter, sync.meter_collection')
    const filled = await timed(() => listAnew(pool, 'main'))
    await pool.query('update sync.client_system set listed_run_id = changed_run_id')
    await pool.query('vacuum (analyze) sync.meter_listing')
    process.stdout.write(
      `\nPostgreSQL ${version}, ${meters} meters; the list was filled in ${(filled / 1_000).toFixed(0)} s\n\n`,
    )
    process.stdout.write('| search | median, ms | 95 %, ms |\n| :-- | --: | --: |\n')
    const repeat = Number(options.repeat)
    for (const [name, search] of Object.entries(searches)) {
      await report(name, repeat, (number) => listMeters(pool, { ...everything, ...search(number) }, 50), meters)
    }
    await report('facets of everything', 3, () => countFacets(pool, everything, 50), meters)
    await report('facets of a search', 5, () => countFacets(pool, { ...everything, search: 'pump 77' }, 50), meters)
    await pool.end()
  } finally {
    await server.stop('immediate')
    rmSync(directory, { recursive: true, force: true })
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

async function report(
  name: string,
  repeat: number,
  work: (number: number) => Promise<unknown>,
  meters: number,
): Promise<void> {
  const times: number[] = []
  for (let at = 0; at < repeat; at++) times.push(await timed(() => work(1 + ((at * 7_368_787) % meters))))
  times.sort((one, other) => one - other)
  const place = (part: number) => (times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0).toFixed(1)
  process.stdout.write(`| ${name} | ${place(0.5)} | ${place(0.95)} |\n`)
}
