import type { Run } from '../wire/types.ts'
import { number, print } from './output.ts'

export type ProgressPrinter = ReturnType<typeof createProgressPrinter>

/** Prints the progress of a run: one line for each phase and, on a terminal, a line that counts the rows read. */
export function createProgressPrinter() {
  const terminal = process.stdout.isTTY
  const clear = () => void (terminal && process.stdout.write('\r\u001b[2K'))
  let lastLine = ''
  return {
    /** Removes the counting line. */
    clear,
    run: ({ id, phase, status }: Run) => {
      const line = phase === null ? `Run ${id} is ${status}` : `${phase} …`
      if (line === lastLine) return
      lastLine = line
      clear()
      print(line)
    },
    progress: ({ phase, rowsRead, rowsExpected }: { phase: string; rowsRead: number; rowsExpected: number | null }) => {
      if (!terminal || phase !== 'reading') return
      const known = rowsExpected !== null && rowsExpected > 0 && rowsRead <= rowsExpected
      const expected = known
        ? ` of about ${number(rowsExpected)}, ${Math.floor((rowsRead / rowsExpected) * 100)} %`
        : ''
      process.stdout.write(`\r\u001b[2K${phase} … ${number(rowsRead)}${expected}`)
    },
  }
}
