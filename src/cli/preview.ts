import type { Agent } from '../agent.ts'
import { withheldWords } from '../wire/reason-words.ts'
import { printApproval, printRejected, summarizeCounts } from './counts.ts'
import { exitStatus } from './exit-status.ts'
import { print, printError, printJson } from './output.ts'

/** Prints the changes that a sync would make now. Returns the exit status: busy while a sync is active. */
export async function preview(
  agent: Agent,
  { clientSystemId, json }: { clientSystemId: string | null; json: boolean },
): Promise<number> {
  const answer = await agent.preview(clientSystemId)
  if (!('preview' in answer)) {
    if (json) printJson(answer.active)
    printError(`A sync of this Client System is active: run ${answer.active.id}. Try again when it has ended`)
    return exitStatus.busy
  }
  if (json) {
    printJson(answer.preview)
    return exitStatus.done
  }
  const { counts, changes, withheldBecause, withheldDigest, rejectedBecause } = answer.preview
  print(`A sync would now have this result: ${summarizeCounts(counts)}`)
  printRejected(counts, rejectedBecause)
  if (withheldBecause !== null) print(`The deletions would be held back: ${withheldWords(withheldBecause)}`)
  printApproval(counts, withheldDigest)
  for (const { operation, externalId, meter, before, after } of changes) {
    const columns = Object.keys(after ?? {})
    const values = columns.map((name) =>
      before ? `${name}: ${toJson(before[name])} → ${toJson(after?.[name])}` : `${name}: ${toJson(after?.[name])}`,
    )
    const known = after === null && meter !== null ? [meter.name, meter.location ?? ''] : []
    print([operation, externalId, ...known, ...values].join('  ').trimEnd())
  }
  return exitStatus.done
}

function toJson(value: unknown): string {
  return JSON.stringify(value ?? null)
}
