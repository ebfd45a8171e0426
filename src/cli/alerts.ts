import type { Agent } from '../agent.ts'
import { exitStatus } from './exit-status.ts'
import { print, printError, printJson } from './output.ts'

/**
 * Sends a test alert to each channel and prints the results. Returns the exit status: failed unless there is a channel and
 * all were delivered.
 */
export async function testAlerts(agent: Agent, { json }: { json: boolean }): Promise<number> {
  const results = await agent.testAlerts()
  if (json) printJson(results)
  for (const { channel, receiver, delivered, status, error, hint } of results) {
    if (delivered && !json) print(`${channel}: delivered to ${receiver}, which answered ${status}`)
    if (delivered) continue
    printError(`${channel}: not delivered to ${receiver}: ${error}`)
    if (hint !== null) printError(hint)
  }
  if (results.length === 0) {
    printError('No alert channel is set')
    printError('Set WEBHOOK_URL and WEBHOOK_SECRET')
  }
  return results.length > 0 && results.every(({ delivered }) => delivered) ? exitStatus.done : exitStatus.failed
}
