import { setTimeout as pause } from 'node:timers/promises'
import { openStream } from '../support/stream.ts'
import { startAgent } from './agent.ts'
import type { Servers } from './servers.ts'

const meters = 100

/**
 * Milliseconds from the POST at one process until the event stream of another tells that the run is `running`, while
 * a third one works, a figure a try.
 * A stream may pass over a state that has already gone by: then the time until the next one counts.
 */
export async function measureLatency(
  servers: Servers,
  { tries, log }: { tries: number; log: (text: string) => void },
): Promise<number[]> {
  log(`POST to running: ${tries} tries with ${meters} meters, three processes`)
  const databases = await servers.fill(meters)
  await using worker = await startAgent(databases, { role: 'worker' })
  await using api = await startAgent(databases, { role: 'api' })
  await using watched = await startAgent(databases, { role: 'api' })
  await worker.settled()
  await using stream = await openStream(`${watched.url}/api/events`)
  const seen = new Map<string, number>()
  const watching = (async () => {
    for await (const event of stream) {
      const runs = event.type === 'run' ? [event.data] : []
      if (event.type === 'status') runs.push(...event.data.clientSystems.flatMap(({ activeRun }) => activeRun ?? []))
      for (const run of runs) if (run.status !== 'queued' && !seen.has(run.id)) seen.set(run.id, performance.now())
    }
  })()
  const latencies: number[] = []
  for (let attempt = 0; attempt < tries; attempt++) {
    // At any moment of the timers that go on in the processes.
    await pause(200 + Math.random() * 800)
    const posted = performance.now()
    const id = await api.trigger()
    await api.settled()
    while (!seen.has(id)) await pause(20)
    latencies.push((seen.get(id) ?? posted) - posted)
  }
  stream.close()
  await watching
  return latencies
}
