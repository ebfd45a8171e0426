import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { openStream } from '../support/stream.ts'
import { startAgent } from './agent.ts'
import { median, quantile } from './report.ts'
import type { Servers } from './servers.ts'

const meters = 100_000
const bulk = 100_000

/** What happens while a collector writes. */
const situations = ['no run', 'a run reading and comparing', 'a run applying'] as const
type Situation = (typeof situations)[number]

export type ReadingLatencies = {
  /** Milliseconds that one write of a collector took. */
  collectors: { name: string; situation: Situation; tries: number[] }[]
  /** Milliseconds that one POST of 100,000 readings took. */
  bulk: number[]
  /** Milliseconds from the first to the last moment of applying, a figure a run. */
  applying: number[]
}

/**
 * How long collectors wait for their writes, without a run and while one applies 100,000 changes: one posts ten
 * readings at a time to the agent that works on the run, one inserts a reading at a time by SQL, both every 10 ms.
 */
export async function measureReadings(
  servers: Servers,
  { runs, log }: { runs: number; log: (text: string) => void },
): Promise<ReadingLatencies> {
  log(`readings: ${runs} runs that apply ${meters} changes`)
  const databases = await servers.fill(meters)
  await using agent = await startAgent(databases)
  await agent.settled()
  await databases.settle()
  await using database = await connect(databases.syncUrl)

  let situation: Situation | null = null
  await using stream = await openStream(`${agent.url}/api/events`)
  const applying: number[] = []
  const watching = (async () => {
    let since = 0
    for await (const event of stream) {
      if (event.type !== 'run') continue
      const { phase, finishedAt } = event.data
      if (phase === 'applying') since = performance.now()
      if (finishedAt !== null) applying.push(performance.now() - since)
      situation = finishedAt !== null ? null : phase === 'applying' ? 'a run applying' : 'a run reading and comparing'
    }
  })()

  const collectors = [
    { name: 'POST of ten readings', write: (count: number) => post(agent.url, lines(count * 10, 10)) },
    { name: 'SQL insert of one reading', write: (count: number) => database.insert(count) },
  ].map(({ name, write }) => startCollector(name, write, () => situation))

  for (let run = 0; run < runs; run++) {
    situation = 'no run'
    await pause(5_000)
    situation = null
    await databases.change(1, run + 1)
    await databases.settle()
    const { run: done } = await agent.sync()
    log(`run ${run + 1}: ${done.counts?.updated} updated, timings ${JSON.stringify(done.timings)}`)
    // What the checkpointer makes of it is neither a run nor quiet.
    await pause(3_000)
  }
  const measured = await Promise.all(collectors.map((stop) => stop()))
  stream.close()
  await watching

  await databases.settle()
  const times: number[] = []
  for (let attempt = 0; attempt < runs; attempt++) {
    const body = lines(1e9 + attempt * bulk, bulk)
    const began = performance.now()
    await post(agent.url, body)
    times.push(performance.now() - began)
  }
  return { collectors: measured.flat(), bulk: times, applying }
}

/** Writes every 10 ms until it is stopped; returns how long each write took, by what went on when it began or ended. */
function startCollector(name: string, write: (count: number) => Promise<void>, now: () => Situation | null) {
  const taken = new Map<Situation, number[]>(situations.map((situation) => [situation, []]))
  let stopped = false
  const working = (async () => {
    for (let count = 1; !stopped; count++) {
      const before = now()
      const began = performance.now()
      await write(count)
      const took = performance.now() - began
      const after = now()
      // A write that waits for what is being applied counts, also when it began before.
      const during = [before, after].includes('a run applying') ? 'a run applying' : before === after ? before : null
      if (during) taken.get(during)?.push(took)
      await pause(10)
    }
  })()
  return async () => {
    stopped = true
    await working
    return [...taken].map(([situation, tries]) => ({ name, situation, tries }))
  }
}

/** So many readings from the given number on, of one meter each, a line each; a number gives the same reading always. */
function lines(first: number, count: number): string {
  return Array.from({ length: count }, (_, at) => {
    const number = first + at
    const externalId = `M${String(1 + (number % meters)).padStart(8, '0')}`
    return `{"externalId":"${externalId}","quantity":"posted","value":${number},"readAt":"${new Date(number * 1_000).toISOString()}"}`
  }).join('\n')
}

async function post(url: string, body: string): Promise<void> {
  const count = body.split('\n').length
  const response = await fetch(`${url}/api/readings`, { method: 'POST', body })
  const answer: { stored?: number } = JSON.parse(await response.text())
  if (answer.stored !== count) throw new Error(`POST /api/readings answered ${JSON.stringify(answer).slice(0, 500)}`)
}

async function connect(url: string) {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ first: string }>('select min(id) as first from sync.meter')
  const first = Number(rows[0]?.first)
  return {
    insert: async (count: number) => {
      await client.query(
        `insert into sync.meter_reading (meter_id, quantity, read_at, value)
         values ($1, 'collected', to_timestamp($2), $2)`,
        [first + ((count * 7_919) % meters), count],
      )
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** Markdown, ready for the README. */
export function readingsToMarkdown({ collectors, bulk: times, applying }: ReadingLatencies): string {
  const rows = collectors.map(({ name, situation, tries }) => [
    name,
    situation,
    String(tries.length),
    milliseconds(median(tries)),
    milliseconds(quantile(tries, 0.99)),
    milliseconds(Math.max(...tries)),
  ])
  const head = ['Collector', 'meanwhile', 'N', 'median, ms', '99 %, ms', 'longest, ms']
  const alignment = [':--', ':--', '--:', '--:', '--:', '--:']
  const table = [head, alignment, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  const notes = [
    `Applying took ${(median(applying) / 1_000).toFixed(1)} s (median of ${applying.length} runs).`,
    `One POST of ${bulk.toLocaleString('en')} readings: ${(median(times) / 1_000).toFixed(1)} s (median of ${times.length}, longest ${(Math.max(...times) / 1_000).toFixed(1)} s).`,
  ]
  return [table, ...notes].join('\n\n')
}

function milliseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}
