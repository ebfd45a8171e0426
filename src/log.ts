import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import { errorCode } from './errors.ts'

export type Log = Logger

/** Values that must never be printed, whatever field they travel in: anything that looks like a URL with a password. */
const credentials = /\b(postgres(?:ql)?:\/\/)[^\s"'\\]*@/gi
const passwords = /(password\s*=\s*)(?:'+[^'"]*'+|(?:[^\s"'&\\]|\\[^"'])+)/gi

/** The text without the user and password of any connection string in it. */
export function redact(text: string): string {
  return text.replace(credentials, '$1…@').replace(passwords, '$1…')
}

/**
 * JSON lines on stdout, or readable lines where stdout is a terminal. Every line is redacted as a whole,
 * so that no field has to be thought of.
 */
export function createLog({ level, terminal }: { level: string; terminal: boolean }): Log {
  const out = terminal
    ? readable()({ colorize: true, singleLine: true, ignore: 'pid,hostname,service', translateTime: 'SYS:HH:MM:ss' })
    : process.stdout
  const destination: DestinationStream = { write: (line) => void out.write(redact(line)) }
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
