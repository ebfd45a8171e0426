import { loadavg } from 'node:os'
import pg from 'pg'
import { startAgent } from './agent.ts'
import { median, quantile } from './report.ts'
import type { Servers } from './servers.ts'

const tries = 50

/** The requests for the collection, and how many milliseconds each response took. */
export type CollectionTimes = { request: string; times: number[] }[]

/** How long the agent takes to say which meters report, each with a reading of the last nine hours. */
export async function measureCollection(
  servers: Servers,
  { meters, log }: { meters: number; log: (text: string) => void },
): Promise<CollectionTimes> {
  const databases = await servers.fill(meters)
  await using agent = await startAgent(databases)
  await agent.settled()
  log(`a reading of each of ${meters} meters`)
  const client = new pg.Client(databases.syncUrl)
  await client.connect()
  await client.query(`insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
    select id, 'energy', now() - random() * interval '9 hours', id, 'kWh' from sync.meter`)
  await client.end()
  await databases.settle()
  const measured: CollectionTimes = []
  for (const path of ['/api/collection', '/api/collection/silent', '/api/collection/groups']) {
    const times: number[] = []
    for (let attempt = 0; attempt < tries; attempt++) {
      const began = performance.now()
      await (await fetch(agent.url + path)).text()
      times.push(performance.now() - began)
    }
    measured.push({ request: `GET ${path}`, times })
  }
  log(`load average ${loadavg().map((load) => load.toFixed(1))}`)
  return measured
}

/** Markdown, ready for docs/benchmarks.md. */
export function collectionToMarkdown(measured: CollectionTimes, version: string): string {
  const rows = measured.map(({ request, times }) =>
    [request, median(times), quantile(times, 0.99), Math.max(...times)].map((cell) =>
      typeof cell === 'number' ? cell.toFixed(0) : cell,
    ),
  )
  const head = [`PostgreSQL ${version}, N ${tries}`, 'median, ms', '99 %, ms', 'longest, ms']
  return [head, [':--', '--:', '--:', '--:'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
