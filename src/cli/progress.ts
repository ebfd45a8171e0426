import type { Progress, Run } from '../wire/types.ts'
import { formatNumber, print } from './output.ts'

/** Prints the progress of a run: one line for each phase and, on a terminal, a line that counts the rows read. */
export type ProgressPrinter = {
  run: (run: Run) => void
  progress: (progress: Progress) => void
  /** Removes the counting line. */
  clear: () => void
}

export function createProgressPrinter(): ProgressPrinter {
  const terminal = process.stdout.isTTY
  const clear = () => void (terminal && process.stdout.write('\r\u001b[2K'))
  let lastLine = ''
  return {
    clear,
    run: ({ id, phase, status }) => {
      const line = phase === null ? `Run ${id} is ${status}` : `${phase} …`
      if (line === lastLine) return
      lastLine = line
      clear()
      print(line)
    },
    progress: ({ phase, rowsRead, rowsExpected }) => {
      if (!terminal || phase !== 'reading') return
      // The expected number may be an estimate that is too small.
      const isPlausible = rowsExpected !== null && rowsExpected > 0 && rowsRead <= rowsExpected
      const expected = isPlausible
        ? ` of about ${formatNumber(rowsExpected)}, ${Math.floor((rowsRead / rowsExpected) * 100)} %`
        : ''
      process.stdout.write(`\r\u001b[2K${phase} … ${formatNumber(rowsRead)}${expected}`)
    },
  }
}
