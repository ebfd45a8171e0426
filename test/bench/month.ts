import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import pg from 'pg'
import { startAgent } from './agent.ts'
import { median, quantile } from './report.ts'
import type { Servers } from './servers.ts'

const meters = 10_000
const minutes = 15
const postedAtOnce = 100_000
const tries = 500

export type MonthOfReadings = {
  readings: number
  /** Seconds of all posts, one after the other, and those of the processor in PostgreSQL and in the agent. */
  seconds: number
  postgresSeconds: number | null
  agentSeconds: number | null
  /** Milliseconds that one POST of 100,000 readings took. */
  posts: number[]
  load: number[]
  /** Bytes of all partitions: their tables, and both indexes. */
  tableBytes: number
  indexBytes: number
  /** Milliseconds to get one day of one meter over HTTP, with flags: 96 readings. */
  days: number[]
}

/** Posts a month of readings of 10,000 meters, one every 15 minutes, as one collector does; then reads days of meters. */
export async function measureMonth(
  servers: Servers,
  { days, log }: { days: number; log: (text: string) => void },
): Promise<MonthOfReadings> {
  const databases = await servers.fill(meters)
  const now = new Date()
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)
  const rounds = (days * 24 * 60) / minutes
  const roundsAtOnce = postedAtOnce / meters
  const posts: number[] = []
  const load: number[] = []
  const spentBefore = servers.processorSeconds()
  let agentSeconds: number | null = null
  const found: number[] = []
  {
    await using agent = await startAgent(databases)
    await agent.settled()
    log(`${rounds * meters} readings of ${meters} meters in ${days} days`)
    for (let first = 0; first < rounds; first += roundsAtOnce) {
      const body = toCsv(start, first, Math.min(first + roundsAtOnce, rounds))
      const began = performance.now()
      await post(agent.url, body)
      posts.push(performance.now() - began)
      load.push(loadavg()[0] ?? 0)
      if (posts.length % 20 === 0) log(`${posts.length * postedAtOnce} readings, median of a POST ${median(posts)} ms`)
    }
    agentSeconds = spentBy(agent.pid)
  }
  const spentAfter = servers.processorSeconds()
  await using database = await connect(databases.syncUrl)
  log('reading days of meters')
  {
    await using agent = await startAgent(databases)
    await agent.settled()
    const ids = await database.ids()
    for (let attempt = 0; attempt < tries; attempt++) {
      const id = ids[(attempt * 7_919) % ids.length]
      const from = start + ((attempt * 31) % days) * 86_400_000
      const search = new URLSearchParams({
        limit: '200',
        from: new Date(from).toISOString(),
        to: new Date(from + 86_400_000).toISOString(),
      })
      const began = performance.now()
      const answer: { readings: unknown[] } = JSON.parse(
        await (await fetch(`${agent.url}/api/meters/${id}/readings?${search}`)).text(),
      )
      found.push(performance.now() - began)
      const expected = (24 * 60) / minutes
      if (answer.readings.length !== expected) throw new Error(`A day has ${answer.readings.length} readings`)
    }
  }
  return {
    readings: rounds * meters,
    seconds: posts.reduce((sum, taken) => sum + taken, 0) / 1_000,
    postgresSeconds: spentBefore === null || spentAfter === null ? null : spentAfter - spentBefore,
    agentSeconds,
    posts,
    load,
    ...(await database.sizes()),
    days: found,
  }
}

/** Readings of a register that grows, of all meters at each time. */
function toCsv(start: number, first: number, end: number): string {
  const lines = ['externalId,quantity,value,unit,readAt']
  for (let round = first; round < end; round++) {
    const readAt = new Date(start + round * minutes * 60_000).toISOString()
    for (let meter = 1; meter <= meters; meter++) {
      const value = ((meter * 37) % 9_000) + round * 0.25 + (meter % 8) / 8
      lines.push(`M${String(meter).padStart(8, '0')},energy,${value},kWh,${readAt}`)
    }
  }
  return lines.join('\n')
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'Content-Type': 'text/csv' }
  const response = await fetch(`${url}/api/readings`, { method: 'POST', headers, body })
  const answer: { stored?: number; rejected?: unknown[] } = JSON.parse(await response.text())
  if (!answer.stored || answer.rejected?.length) throw new Error(JSON.stringify(answer).slice(0, 500))
}

async function connect(url: string) {
  const client = new pg.Client(url)
  await client.connect()
  return {
    ids: async () => {
      const { rows } = await client.query<{ id: string }>('select id from sync.meter order by id')
      return rows.map(({ id }) => id)
    },
    sizes: async () => {
      const { rows } = await client.query<{ table: string; indexes: string }>(
        `select sum(pg_table_size(relid)) as table, sum(pg_indexes_size(relid)) as indexes
         from pg_partition_tree('sync.meter_reading') where isleaf`,
      )
      return { tableBytes: Number(rows[0]?.table), indexBytes: Number(rows[0]?.indexes) }
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** Processor seconds of a process; null where /proc is missing. */
function spentBy(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

/** Markdown, ready for docs/benchmarks.md. */
export function monthToMarkdown(month: MonthOfReadings, version: string): string {
  const { readings, seconds, postgresSeconds, agentSeconds, posts, load, tableBytes, indexBytes, days } = month
  const whole = (value: number) => Math.round(value).toLocaleString('en')
  const spent = (value: number | null) => (value === null ? 'unknown' : `${((value / readings) * 1e6).toFixed(1)} s`)
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  const rows = [
    ['readings', whole(readings)],
    ['readings stored a second, by one collector', whole(readings / seconds)],
    [
      'one POST of 100,000: median, 99 %, longest',
      `${[median(posts), quantile(posts, 0.99), Math.max(...posts)].map(whole).join(', ')} ms`,
    ],
    ['processor time of PostgreSQL for a million', spent(postgresSeconds)],
    ['processor time of the agent for a million', spent(agentSeconds)],
    ['size: table, indexes', `${gigabytes(tableBytes)}, ${gigabytes(indexBytes)}`],
    ['size of a reading', `${whole((tableBytes + indexBytes) / readings)} bytes`],
    [
      'a day of a meter over HTTP: median, 99 %, longest',
      `${[median(days), quantile(days, 0.99), Math.max(...days)].map((ms) => ms.toFixed(1)).join(', ')} ms`,
    ],
    ['load average of the machine meanwhile', `${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}`],
  ]
  return [`| | PostgreSQL ${version} |`, '| :-- | --: |', ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')
}
