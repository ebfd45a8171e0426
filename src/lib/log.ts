import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import { AgentError, errorCode, isBusy, isConnectionLoss } from './errors.ts'
import type { LogLevel, LogMessage } from './log-messages.ts'
import { toPrintable, toPrintableJson } from './printable.ts'
import { createRedact, maxTextLength, type Redact } from './redact.ts'
import { describeLine } from './terminal-line.ts'

type Write<Level extends LogLevel> = {
  (message: LogMessage<Level>): void
  (fields: object, message: LogMessage<Level>): void
}

/** The log. From `info` on it accepts only messages of the closed list; `debug` is for developers and accepts any. */
export type Log = Pick<Logger, 'debug'> & { [Level in LogLevel]: Write<Level> }

export type LogOptions = {
  level: string
  /** Where lines are written. Default: stdout. */
  out?: NodeJS.WritableStream
  /** Whether `out` is a terminal: then lines are formatted for reading instead of JSON. */
  terminal?: boolean
  /** Secrets to hide. Default: none, while the configuration is not read yet. */
  secrets?: readonly string[]
}

/**
 * Creates the log. It writes one JSON object a line, or formatted text on a terminal. Every value is redacted, so that a
 * caller need not think about which fields may hold a secret.
 */
export function createLog({ level, out = process.stdout, terminal = false, secrets = [] }: LogOptions): Log {
  const redact = createRedact(secrets)
  const lines = terminal
    ? loadPretty()({
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
      serializers: { err: serializeError },
    },
    destination,
  )
}

/**
 * Returns a JSON line of the log with every string redacted and cut, and with control characters escaped. For a
 * `terminal`, whose formatter parses the line again, control characters become visible codes; line breaks and tabs stay.
 */
export function redactLine(line: string, redact: Redact, { terminal = false } = {}): string {
  const shown = (text: string) => (terminal ? toPrintable(redact(text), '\n\t') : redact(text))
  const values: unknown = JSON.parse(line, (_, value) => (typeof value === 'string' ? shown(value) : value))
  return `${toPrintableJson(values)}\n`
}

/** The query of an error is cut to this many characters: its beginning shows which one it is. */
const maxQueryLength = 500

/**
 * Returns type, message and code of an error, and its stack unless the error comes from outside of this program. An error that
 * wraps another one is described by the one inside. Of a failed query the text is included, but not its values. Other
 * properties are left out: a driver's error may hold its connection.
 */
function serializeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown
  const error = innermost(thrown)
  const { type, message, stack } = stdSerializers.err(error)
  const code = errorCode(error)
  const query = queryOf(thrown)
  // One character more than the maximum, so that redaction sees that the text is too long and marks the cut.
  const start = (text: string | undefined) => text?.slice(0, maxTextLength + 1)
  return {
    type,
    message: start(message),
    ...(code !== null && { code }),
    ...(query !== null && { query: query.slice(0, maxQueryLength) }),
    ...(!isExternal(thrown) && { stack: start(stack) }),
  }
}

/** Returns the error of the driver within the error of the query builder, and the cause within an AgentError. */
function innermost(error: Error): Error {
  const wraps = error instanceof AgentError || queryOf(error) !== null
  return wraps && error.cause instanceof Error ? innermost(error.cause) : error
}

/** Returns the text of the query that failed, if the query builder reports it. */
function queryOf(error: Error): string | null {
  return 'query' in error && typeof error.query === 'string' ? error.query : null
}

/** Whether the cause is a server or the network, so that a stack would not help to find it. */
function isExternal(error: Error): boolean {
  if (error instanceof AgentError) return error.code !== 'internal' && error.code !== 'database_error'
  return errorCode(error) !== null && (isConnectionLoss(error) || isBusy(error))
}

/** Loads pino-pretty, which only a terminal needs. */
function loadPretty(): typeof import('pino-pretty') {
  return createRequire(import.meta.url)('pino-pretty')
}
