import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { collectionToMarkdown, measureCollection } from './collection.ts'
import { drawCurve, measureCurve } from './curve.ts'
import { measureLatency } from './latency.ts'
import { measureMonth, monthToMarkdown } from './month.ts'
import { isWay, type Way, ways } from './otherwise.ts'
import { measureReadings, readingsToMarkdown } from './readings.ts'
import { describeMachine, type Measured, type Report, summarize, summarizeLatencies, toMarkdown } from './report.ts'
import { measureSize } from './scenarios.ts'
import { measureSearches, searchesToMarkdown } from './search.ts'
import { type Servers, startServers, type Version } from './servers.ts'
import { measureStarts } from './start.ts'

const usage = `Measures the agent beside the floor, on PostgreSQL servers of its own.

Usage: npm run bench -- [options]

  --meters LIST    sizes, separated by commas (10000,100000,1000000)
  --ten-million    one more size: 10,000,000 meters
  --postgres LIST  versions of PostgreSQL, separated by commas (18,15)
  --only LIST      scenarios, separated by commas: first load, no change, 0.1 % changed, 1 % changed, 10 % changed,
                   full read
  --against DIR    another source tree with its packages, measured in turns with this one
  --wan            the last size once more, by way of a slow line: 100 Mbit/s, 40 ms
  --otherwise      beside the last size, what people do otherwise (takes minutes)
  --curve FILE     time by the number of changed meters, at the last size, drawn as SVG
  --repeat N       repetitions of a scenario (5; 3 above a million meters)
  --tries N        tries of POST to running (25; 0 leaves it out)
  --starts N       tries of start to first success with 500 meters (10; 0 leaves it out)
  --readings       instead: how long collectors wait while runs apply 100,000 changes (--repeat runs, 5)
  --collection N   instead: how long it takes to say which of N meters report
  --search N       instead: how long searches of N meters take (--repeat of each, 40)
  --month DAYS     instead: a month of readings of 10,000 meters, one every 15 minutes; then days of single meters
  --json FILE      where the figures go (test/output/bench.json)
  --help           this text

Prints a table in Markdown on stdout and its progress on stderr.
`

const { values: options } = parseArgs({
  options: {
    meters: { type: 'string', default: '10000,100000,1000000' },
    'ten-million': { type: 'boolean', default: false },
    postgres: { type: 'string', default: '18,15' },
    only: { type: 'string', default: '' },
    against: { type: 'string' },
    wan: { type: 'boolean', default: false },
    otherwise: { type: 'boolean', default: false },
    curve: { type: 'string' },
    repeat: { type: 'string' },
    tries: { type: 'string', default: '25' },
    starts: { type: 'string', default: '10' },
    readings: { type: 'boolean', default: false },
    month: { type: 'string' },
    collection: { type: 'string' },
    search: { type: 'string' },
    json: { type: 'string', default: 'test/output/bench.json' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) process.stdout.write(usage)
else await bench()

async function bench(): Promise<void> {
  const sizes = options.meters.split(',').map((text) => whole(text, '--meters'))
  if (options['ten-million']) sizes.push(10_000_000)
  const versions = options.postgres.split(',').map(toVersion)
  const repeat = options.repeat === undefined ? null : whole(options.repeat, '--repeat')
  const tries = whole(options.tries, '--tries', 0)
  const starts = whole(options.starts, '--starts', 0)
  const started = performance.now()
  const log = (text: string) => {
    const elapsed = ((performance.now() - started) / 1_000).toFixed(0).padStart(5)
    process.stderr.write(`${elapsed} s  ${text}\n`)
  }

  const report: Report = { at: new Date().toISOString(), machine: describeMachine(), servers: [] }
  for (const version of versions) {
    log(`PostgreSQL ${version}`)
    const starting = startServers(version)
    const interrupt = async () => {
      log('interrupted: the servers are taken down')
      await starting.then((servers) => servers.stop()).catch(() => undefined)
      process.exit(130)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, interrupt)
    await using servers = await starting
    if (options.month !== undefined) {
      const month = await measureMonth(servers, { days: whole(options.month, '--month'), log })
      process.stdout.write(`${monthToMarkdown(month, (await servers.describe()).version)}\n`)
    } else if (options.collection !== undefined) {
      const times = await measureCollection(servers, { meters: whole(options.collection, '--collection'), log })
      process.stdout.write(`${collectionToMarkdown(times, (await servers.describe()).version)}\n`)
    } else if (options.search !== undefined) {
      const meters = whole(options.search, '--search')
      const times = await measureSearches(servers, { meters, repeat: repeat ?? 40, log })
      process.stdout.write(`${searchesToMarkdown(times, (await servers.describe()).version)}\n`)
    } else if (options.readings) {
      const latencies = await measureReadings(servers, { runs: repeat ?? 5, log })
      process.stdout.write(`${readingsToMarkdown(latencies)}\n`)
    } else {
      report.servers.push(await measure(servers, { sizes, repeat, tries, starts, log }))
    }
    for (const signal of signals) process.off(signal, interrupt)
  }
  if (options.readings || [options.month, options.collection, options.search].some((n) => n !== undefined)) return
  process.stdout.write(`${toMarkdown(report)}\n`)
  const file = resolve(options.json)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  log(`the figures are in ${file}`)
}

type Asked = { sizes: number[]; repeat: number | null; tries: number; starts: number; log: (text: string) => void }

async function measure(servers: Servers, { sizes, repeat, tries, starts, log }: Asked): Promise<Measured> {
  const measured: Measured = {
    postgres: await servers.describe(),
    sizes: [],
    curve: null,
    startToSuccess: starts > 0 ? summarizeLatencies(await measureStarts(servers, { tries: starts, log })) : null,
    postToRunning: tries > 0 ? summarizeLatencies(await measureLatency(servers, { tries, log })) : null,
  }
  const only = options.only.split(',').flatMap((name) => name.trim() || [])
  const against = options.against === undefined ? null : resolve(options.against)
  const measureOne = async (meters: number, wan: boolean, beside: Way[]) => {
    const repetitions = repeat ?? (meters <= 1_000_000 ? 5 : 3)
    const size = await measureSize(servers, { meters, repetitions, only, wan, beside, against, log })
    measured.sizes.push({ ...size, scenarios: size.scenarios.map(summarize) })
  }
  const last = sizes.at(-1) ?? 0
  for (const meters of sizes) {
    await measureOne(meters, false, options.otherwise && meters === last ? Object.keys(ways).filter(isWay) : [])
  }
  if (options.wan) await measureOne(last, true, [])
  if (options.curve !== undefined) {
    measured.curve = await measureCurve(servers, { meters: last, repetitions: repeat ?? 3, log })
    writeFileSync(options.curve, drawCurve(measured.curve))
  }
  return measured
}

function toVersion(text: string): Version {
  if (text === '18') return 18
  if (text === '15') return 15
  process.stderr.write(`--postgres: expected 18 or 15, not ${JSON.stringify(text)}\n\n${usage}`)
  process.exit(2)
}

function whole(text: string, option: string, least = 1): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= least) return number
  process.stderr.write(`${option}: expected a whole number from ${least}, not ${JSON.stringify(text)}\n\n${usage}`)
  process.exit(2)
}
