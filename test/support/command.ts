import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../src/config/environment.ts'

const ownMain = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const project = fileURLToPath(new URL('../..', import.meta.url))

/** What every process of a test inherits: where programs are, and the compile cache of the test run. */
export const inherited = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }

export type Ended = { code: number | null; out: string; err: string }

type CommandOptions = { input?: string; cwd?: string; main?: string; node?: string }

type Started = {
  /** What the process has written to stdout so far. */
  output: () => string
  signal: (signal: NodeJS.Signals) => void
  /** Closes the reading end of its stdout. */
  closeOutput: () => void
  ended: Promise<Ended>
}

/**
 * Starts `node src/main.ts` with these arguments in the project's directory, unless `options` differ. `input` is its whole
 * stdin; `main` and `node` select another installation and another Node.js.
 */
export function startCommand(
  args: string[],
  environment: Environment = {},
  { input = '', cwd = project, main = ownMain, node = process.execPath }: CommandOptions = {},
): Started {
  const child = spawn(node, [main, ...args], { cwd, env: { ...inherited, ...environment } })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, out, err })))
  return {
    output: () => out,
    signal: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy(),
    ended,
  }
}

/** Runs a command and returns its result. */
export function runCommand(...how: Parameters<typeof startCommand>): Promise<Ended> {
  return startCommand(...how).ended
}
