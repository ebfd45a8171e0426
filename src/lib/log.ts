import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import { errorCode } from './errors.ts'
import { toPrintable, toPrintableJson } from './printable.ts'
import { describeLine } from './terminal-line.ts'

export type Log = Logger

/**
 * An error may quote megabytes. A text is cut here before it is looked at: the expressions below keep a state for each
 * character that they may have to give back, and end with a RangeError at some megabytes.
 */
const maxLength = 16_000

/**
 * Values that must never be printed, whatever field they travel in: anything that looks like a URL with a password, also
 * where the text was cut within it. Each match ends where the next URL begins: a text that repeats `postgres://` is then
 * scanned once, not once for each.
 */
const credentials = /\b(postgres(?:ql)?:\/\/)(?:(?!postgres(?:ql)?:\/\/)[^\s"'\\])*(?:@|(?=…$))/gi
const passwords = /(password\s*=\s*)(?:'+[^'"]*(?:'+|(?=…$))|(?:[^\s"'&\\]|\\[^"'])+)/gi

/** Makes a text safe to show. */
export type Redact = (text: string) => string

/** Shorter ones are the words that log lines are made of; they are hidden in connection strings, like any other. */
const shortest = 6

/**
 * Returns a function that cuts a text to 16,000 characters and hides the user and password of any connection string in
 * it, and each of these secrets wherever it stands: as it is, percent-encoded as in a URL, or escaped as in JSON. A third
 * party's error may quote a password with blanks or quotes in any form. Takes linear time, whatever the text.
 */
export function createRedact(secrets: readonly string[] = []): Redact {
  const forms = secrets
    .filter((secret) => secret.length >= shortest)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length)
  return (text) => {
    const short = text.length > maxLength ? `${withoutBegun(longestFirst, text.slice(0, maxLength))}…` : text
    const known = longestFirst.reduce((shown, form) => shown.replaceAll(form, '…'), short)
    return known.replace(credentials, '$1…@').replace(passwords, '$1…')
  }
}

/** The text without the beginning of a secret at its end, which the cut left there and nothing else would recognise. */
function withoutBegun(secrets: readonly string[], text: string): string {
  const begun = secrets.map((secret) => {
    let length = Math.min(secret.length - 1, text.length)
    while (length > 0 && !text.endsWith(secret.slice(0, length))) length--
    return length
  })
  return text.slice(0, text.length - Math.max(0, ...begun))
}

/**
 * A line of the log with every value redacted and cut; its own words and numbers stay what they are. Control characters
 * stand escaped. For a `terminal`, whose formatter parses the line, they stand as visible codes; a stack keeps its lines.
 */
export function redactLine(line: string, redact: Redact, { terminal = false } = {}): string {
  const shown = (text: string) => (terminal ? toPrintable(redact(text), '\n\t') : redact(text))
  const values: unknown = JSON.parse(line, (_, value) => (typeof value === 'string' ? shown(value) : value))
  return `${toPrintableJson(values)}\n`
}

export type LogOptions = {
  level: string
  /** stdout, unless somebody else reads that. */
  out?: NodeJS.WritableStream
  /** Lines for people in place of JSON: `out` is a terminal. */
  terminal?: boolean
  /** To hide wherever they stand; none where they are not known yet. */
  secrets?: readonly string[]
}

/** JSON lines, or readable ones. Every value of a line is redacted, so that no field has to be thought of. */
export function createLog({ level, out = process.stdout, terminal = false, secrets = [] }: LogOptions): Log {
  const redact = createRedact(secrets)
  const lines = terminal
    ? readable()({
        colorize: true,
        hideObject: true,
        messageFormat: (line) => describeLine(line),
        translateTime: 'SYS:HH:MM:ss',
        destination: out,
      })
    : out
  const destination: DestinationStream = { write: (line) => void lines.write(redactLine(line, redact, { terminal })) }
  return pino(
    {
      level,
      base: { service: 'meter-sync-agent' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: told },
    },
    destination,
  )
}

/** Of an error what helps, and nothing that it drags along: a driver's error may hold its whole connection. */
function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { type, message, stack } = stdSerializers.err(error)
  const code = errorCode(error)
  // One character more than is shown, so that what is cut is known to be.
  const start = (text: string | undefined) => text?.slice(0, maxLength + 1)
  return { type, message: start(message), ...(code !== null && { code }), stack: start(stack) }
}

/** Loaded only where somebody looks. */
function readable(): typeof import('pino-pretty') {
  return createRequire(import.meta.url)('pino-pretty')
}
