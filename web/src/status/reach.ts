import { phases } from '../../../src/wire/lists.ts'
import type { Phase, Progress, ReadStep, Run } from '../../../src/wire/types.ts'
import { formatBytes, formatCount } from '../ui/format.ts'
import { phaseWords } from '../ui/words.ts'

/** How far an active run has come. */
export type Reach = {
  /** Null while it is queued. */
  phase: Phase | null
  /** What it is doing. */
  words: string
  /** How much of what is being read has been read, such as "100 of about 1,000 rows · 5 kB"; null when nothing is. */
  amount: string | null
  /** The share that is done; null when it is unknown: then the bar is indeterminate. */
  share: { done: number; of: number } | null
}

const steps: Record<ReadStep, { words: string; unit: string }> = {
  digests: { words: 'Comparing digests', unit: 'parts' },
  rows: { words: 'Finding what differs', unit: 'rows' },
  meters: { words: 'Reading meters', unit: 'rows' },
}

/** Returns how far a run has come, from its row and its progress. Amount and share are those of the phase `reading`. Pure. */
export function reachOf(run: Run, progress: Progress | null): Reach {
  const phase = laterOf(run.phase, progress?.phase ?? null)
  if (phase === null) return { phase, words: 'In the queue', amount: null, share: null }
  const step = phase === 'reading' && progress?.phase === 'reading' ? progress.step : null
  if (progress === null || step === null) return { phase, words: phaseWords[phase].doing, amount: null, share: null }
  const { words, unit } = steps[step]
  const share = shareOf(progress)
  const count = formatCount(progress.rowsRead)
  const amounts = [
    share !== null ? `${count} of about ${formatCount(share.of)} ${unit}` : null,
    share === null && progress.rowsRead > 0 ? `${count} ${unit}` : null,
    progress.bytesRead > 0 ? formatBytes(progress.bytesRead) : null,
  ].filter((amount) => amount !== null)
  return { phase, words, amount: amounts.length > 0 ? amounts.join(' · ') : null, share }
}

/** Returns the share. The expected number is an estimate: once it is exceeded, there is no share. */
function shareOf({ rowsRead, rowsExpected }: Progress): Reach['share'] {
  if (rowsExpected === null || rowsExpected <= 0 || rowsRead > rowsExpected) return null
  return { done: rowsRead, of: rowsExpected }
}

/** Returns the later phase. Progress arrives apart from the event of the run, before or after it. */
function laterOf(a: Phase | null, b: Phase | null): Phase | null {
  if (a === null || b === null) return a ?? b
  return phases.indexOf(a) >= phases.indexOf(b) ? a : b
}
