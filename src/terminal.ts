/** What the command line writes: lines for people, and JSON for scripts. */
import type { Run } from './events.ts'

export function plural(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function number(count: number): string {
  return count.toLocaleString('en')
}

export function print(line: string): void {
  process.stdout.write(`${plain(line)}\n`)
}

export function printJson(value: unknown): void {
  const escaped = (character: string) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  process.stdout.write(`${JSON.stringify(value).replace(steering, escaped)}\n`)
}

/** Writes a message to stderr, on one line: what PostgreSQL says may have several. */
export function complain(message: string): void {
  process.stderr.write(`${plain(message.replace(/\s*[\r\n]+\s*/g, ' '))}\n`)
}

/** Names and messages come from databases: what would steer the terminal is shown as its code (Fault 27). */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

function plain(text: string): string {
  return text.replace(steering, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
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
