import { startAgent } from './agent.ts'
import type { Servers } from './servers.ts'

const meters = 500

/**
 * Milliseconds from the start of a process to the end of its first run, a figure a try: each with an empty Sync database,
 * where the process also creates the schema.
 */
export async function measureStarts(
  servers: Servers,
  { tries, log }: { tries: number; log: (text: string) => void },
): Promise<number[]> {
  log(`start to first success: ${tries} tries with ${meters} meters`)
  const starts: number[] = []
  for (let attempt = 0; attempt < tries; attempt++) {
    await using agent = await startAgent(await servers.fill(meters))
    starts.push(await agent.firstSuccess())
  }
  return starts
}
