/** What the command line writes: lines for people, and JSON for scripts. */

import { toPrintable, toPrintableJson } from '../lib/printable.ts'
import type { Run } from '../wire/types.ts'

export function plural(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function number(count: number): string {
  return count.toLocaleString('en')
}

export function print(line: string): void {
  process.stdout.write(`${toPrintable(line)}\n`)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${toPrintableJson(value)}\n`)
}

/** Writes a message to stderr, on one line: what PostgreSQL says may have several. */
export function complain(message: string): void {
  process.stderr.write(`${toPrintable(message.replace(/\s*[\r\n]+\s*/g, ' '))}\n`)
}

export type Teller = ReturnType<typeof createTeller>

/** Tells how a run goes: a line a phase, and on a terminal one line that counts. */
export function createTeller() {
  const terminal = process.stdout.isTTY
  const clear = () => void (terminal && process.stdout.write('\r\u001b[2K'))
  let told = ''
  return {
    clear,
    run: ({ id, phase, status }: Run) => {
      const line = phase === null ? `Run ${id} is ${status}` : `${phase} …`
      if (line === told) return
      told = line
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
