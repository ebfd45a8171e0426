import { isMigrated } from '../db/migrate.ts'
import { withTimeout } from '../lib/timeout.ts'
import type { AgentParts } from './parts.ts'

/** The timeout of a check. Probes give up after a few seconds. */
const checkTimeoutMs = 3_000

/** Returns the names of the parts that keep the agent from serving: none when it is ready. */
export async function findUnready({ pools, isQueueReady, live }: AgentParts): Promise<string[]> {
  const checks: [name: string, check: () => Promise<boolean>][] = [
    ['Sync database', async () => (await pools.short.query('select 1')).rowCount === 1],
    ['migrations', () => isMigrated(pools.short)],
    ['jobs', isQueueReady],
    ['listener', async () => live.listening()],
  ]
  const results = await Promise.all(checks.map(async ([name, check]) => ((await passes(check)) ? null : name)))
  return results.filter((name) => name !== null)
}

/** Returns true when a check passes in time. A half-open connection may not answer for minutes. */
async function passes(check: () => Promise<boolean>): Promise<boolean> {
  return await withTimeout(checkTimeoutMs, check()).catch(() => false)
}
