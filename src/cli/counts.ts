import { rejectionWords } from '../wire/reason-words.ts'
import type { Counts, RejectedBecause } from '../wire/types.ts'
import { formatCount, formatNumber, print } from './output.ts'

/** Summarizes the counts of a run in one line. */
export function summarizeCounts({
  read,
  inserted,
  updated,
  deleted,
}: Pick<Counts, 'read' | 'inserted' | 'updated' | 'deleted'>): string {
  return `${formatNumber(read)} read, ${formatNumber(inserted)} inserted, ${formatNumber(updated)} updated, ${formatNumber(deleted)} deleted`
}

/** Prints how many rows were rejected, with the most frequent reason and an example; nothing when there are none. */
export function printRejected({ rejected }: Counts, because: RejectedBecause | null): void {
  if (rejected === 0) return
  const example = because?.example == null ? '' : ` (for example external id ${because.example})`
  print(
    `Rejected: ${formatCount(rejected, 'row')}${because ? `, most often because ${rejectionWords(because.reason)}${example}` : ''}`,
  )
}

/** Prints the command that approves held-back deletions; nothing when there are none. */
export function printApproval({ withheld }: Counts, digest: string | null): void {
  if (withheld === 0) return
  const option = digest === null ? '' : ` --digest ${digest}`
  print(`To approve these deletions: meter-sync-agent sync --approve-deletes ${withheld}${option}`)
}
