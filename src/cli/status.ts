import type { Agent } from '../agent.ts'
import { conditionOf, conditionWords, settledCondition, standingFailure, verdictOf } from '../wire/condition.ts'
import type { ClientSystemStatus } from '../wire/types.ts'
import { summarizeCounts } from './counts.ts'
import { exitStatus } from './exit-status.ts'
import { formatCount, formatNumber, print, printJson } from './output.ts'

/**
 * Prints the state of the meters. With `check` the exit status is 1 unless every Client System is in sync, apart from
 * deletions that are kept for now.
 */
export async function status(agent: Agent, { json, check }: { json: boolean; check: boolean }): Promise<number> {
  const now = await agent.status()
  if (json) printJson(now)
  else for (const clientSystem of now.clientSystems) printClientSystem(clientSystem, Date.parse(now.serverTime))
  const inSync = now.clientSystems.every((system) => ['in-sync', 'kept'].includes(settledCondition(system)))
  return check && !inSync ? exitStatus.failed : exitStatus.done
}

function printClientSystem(system: ClientSystemStatus, now: number): void {
  const { id, name, meters, sameMetersAs, activeRun, lastSuccess, schedule } = system
  const condition = conditionOf(system, now)
  const { explanation, nextStep } = verdictOf(system, condition)
  print(`${name} (${id}): ${conditionWords[condition]}`)
  print(`  ${explanation}`)
  if (nextStep) print(`  Next step  ${nextStep}`)
  print(`  Meters     ${formatNumber(meters.active)} active, ${formatNumber(meters.inactive)} inactive`)
  const counts = lastSuccess?.counts
  print(
    `  Last sync  ${toLocalTime(lastSuccess?.finishedAt ?? null) ?? 'Never synced'}${counts ? `: ${summarizeCounts(counts)}` : ''}`,
  )
  if (sameMetersAs !== null) print(`  Same as    ${sameMetersAs} has the same meters; was CLIENT_SYSTEM_ID changed?`)
  if (counts && counts.withheld > 0)
    print(`  Held back  ${formatCount(counts.withheld, 'deletion')}${keptWords(system)}`)
  if (counts && counts.rejected > 0) print(`  Rejected   ${formatCount(counts.rejected, 'row')}`)
  if (activeRun) print(`  Active     run ${activeRun.id}, ${activeRun.phase ?? activeRun.status}`)
  const failure = standingFailure(system)
  if (failure) print(`  Failed     ${toLocalTime(failure.finishedAt)}, ${failure.error?.code}`)
  if (system.workers !== null) print(`  Workers    ${formatNumber(system.workers)} alive`)
  if (schedule.nextRunAt) print(`  Next sync  ${toLocalTime(schedule.nextRunAt)}`)
}

function keptWords({ keptDeletions }: ClientSystemStatus): string {
  if (keptDeletions === null) return ''
  const { by, since, note } = keptDeletions
  return `, kept for now${by === null ? '' : ` by ${by}`} since ${toLocalTime(since)}: ${note}`
}

const localTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

/** Formats a time in the time zone of this machine. */
function toLocalTime(iso: string | null): string | null {
  return iso === null ? null : localTime.format(new Date(iso))
}
