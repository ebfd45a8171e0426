import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import { errorCode } from './errors.ts'

export type Log = Logger

/**
 * Values that must never be printed, whatever field they travel in: anything that looks like a URL with a password. Each
 * match ends where the next URL begins: a text that repeats `postgres://` is then scanned once, not once for each.
 */
const credentials = /\b(postgres(?:ql)?:\/\/)(?:(?!postgres(?:ql)?:\/\/)[^\s"'\\])*@/gi
const passwords = /(password\s*=\s*)(?:'+[^'"]*'+|(?:[^\s"'&\\]|\\[^"'])+)/gi

/** The text without the user and password of any connection string in it. */
export function redact(text: string): string {
  return text.replace(credentials, '$1…@').replace(passwords, '$1…')
}

/** Makes a text safe to show. */
export type Redact = (text: string) => string

/** Shorter ones are the words that log lines are made of; they are hidden in connection strings, like any other. */
const shortest = 6

/**
 * `redact` that also knows these secrets, and hides each wherever it stands: as it is, percent-encoded as in a URL, or
 * escaped as in JSON. A third party's error may quote a password with blanks or quotes in any form.
 */
export function createRedact(secrets: readonly string[]): Redact {
  const forms = secrets
    .filter((secret) => secret.length >= shortest)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length)
  return (text) => redact(longestFirst.reduce((shown, form) => shown.replaceAll(form, '…'), text))
}

/** An error may quote megabytes: a value of a line ends here. */
const maxValueLength = 16_000

/** A line of the log with every value redacted and cut; its own words and numbers stay what they are. */
export function redactLine(line: string, redact: Redact): string {
  const values: unknown = JSON.parse(line)
  const shown = (text: string) => {
    const safe = redact(text)
    return safe.length > maxValueLength ? `${safe.slice(0, maxValueLength)}…` : safe
  }
  return `${JSON.stringify(values, (_, value) => (typeof value === 'string' ? shown(value) : value))}\n`
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
    ? readable()({ colorize: true, singleLine: true, ignore: 'pid,hostname,service', translateTime: 'SYS:HH:MM:ss' })
    : out
  const destination: DestinationStream = { write: (line) => void lines.write(redactLine(line, redact)) }
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
  return { type, message, ...(code !== null && { code }), stack }
}

/** Loaded only where somebody looks. */
function readable(): typeof import('pino-pretty') {
  return createRequire(import.meta.url)('pino-pretty')
}
