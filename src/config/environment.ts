import { z } from 'zod'
import { ConfigError } from '../lib/errors.ts'
import { readDotEnv, readFiles } from './files.ts'
import { scheduleInterval } from './schedule.ts'
import { type DatabaseTarget, isLoopback, parseTarget, parseWebhook, type Webhook } from './targets.ts'

/** Limits beyond which a run holds its deletions back (the variables `DELETE_GUARD_…`). */
export type DeleteGuard = { minimum: number; percent: number; maximum: number }

/**
 * Timeouts for the Client System. `startMs` is the time to the first byte of an answer, `idleMs` the maximum time between
 * two reads after it, `totalMs` the time of the whole run.
 */
type Timeouts = { connectMs: number; startMs: number; idleMs: number; totalMs: number }

export type ClientSystem = {
  id: string
  name: string
  target: DatabaseTarget
  query: string
  /** True when the connection to another host is plaintext or unverified TLS, which the administrator allowed. */
  insecure: boolean
  schedule: { cron: string; timeZone: string }
  /** Age of the last success after which the meters are stale. */
  freshnessMs: number
  timeouts: Timeouts
  guard: DeleteGuard
  /** How often a meter is read, in milliseconds, where the query has no `reading_interval` for it. */
  readingIntervalMs: number
  /** An alert is sent when more than this percentage of the active meters is silent. */
  silentAlertPercent: number
}

export type Config = {
  syncDatabase: DatabaseTarget
  clientSystems: ClientSystem[]
  role: 'all' | 'api' | 'worker'
  host: string
  port: number
  authToken: string | null
  /** Accepted values of the Host header, without port; empty means the loopback names. */
  allowedHosts: string[]
  historyDays: number
  /** How long readings are kept; null for ever. */
  readingsDays: number | null
  /** The names of the quantities that only grow, in lower case. */
  readingRegisters: readonly string[]
  logLevel: string
  demonstration: boolean
  /** Secrets in the forms in which they were given. The log and error messages hide them (src/lib/log.ts). */
  secrets: readonly string[]
  /** Where alerts are sent, and the key that signs them; null when no alerts are configured. */
  webhook: Webhook | null
}

/** Environment variables by name. */
export type Environment = Record<string, string | undefined>

const integer = (minimum: number, maximum: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      error: `expected a whole number from ${minimum} to ${maximum}`,
    })
    .transform(Number)

const schema = z.object({
  DATABASE_URL: z.string().optional(),
  CLIENT_SYSTEM_URL: z.string().optional(),
  CLIENT_SYSTEM_INSECURE: z
    .enum(['true', 'false'], { error: 'expected true or false' })
    .default('false')
    .transform((text) => text === 'true'),
  CLIENT_SYSTEM_QUERY: z.string().default('select * from meter'),
  CLIENT_SYSTEM_ID: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, { error: 'expected 1 to 63 of a-z, 0-9 and -' })
    .default('main'),
  CLIENT_SYSTEM_NAME: z.string().trim().min(1, { error: 'expected a name' }).max(200).default('Client System'),
  SYNC_CRON: z.string().default('0 * * * *'),
  SYNC_TIMEZONE: z.string().default('UTC'),
  RUN_TIMEOUT_SECONDS: integer(1, 86_400).default(3_600),
  READ_START_SECONDS: integer(1, 86_400).default(300),
  READ_IDLE_SECONDS: integer(1, 86_400).default(30),
  DELETE_GUARD_MINIMUM: integer(0, 999_999_999).default(10),
  DELETE_GUARD_PERCENT: integer(0, 100).default(5),
  DELETE_GUARD_MAXIMUM: integer(0, 999_999_999).default(500),
  FRESHNESS_MINUTES: integer(1, 999_999).optional(),
  READING_INTERVAL_MINUTES: integer(1, 527_040).default(60),
  READING_REGISTERS: z
    .string()
    .regex(/^\s*[\w.-]{1,100}\s*(,\s*[\w.-]{1,100}\s*){0,99}$/, {
      error: 'expected names of quantities, like energy,volume',
    })
    .default('energy,volume'),
  SILENT_ALERT_PERCENT: integer(0, 100).default(5),
  HISTORY_DAYS: integer(1, 36_500).default(400),
  READINGS_DAYS: integer(31, 36_500).optional(),
  HOST: z.string().min(1, { error: 'expected an address' }).default('127.0.0.1'),
  PORT: integer(0, 65_535).default(3_000),
  AUTH_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, { error: 'expected at least 16 characters of ASCII, without spaces' })
    .optional(),
  ALLOWED_HOSTS: z.string().optional(),
  ROLE: z.enum(['all', 'api', 'worker'], { error: 'expected all, api or worker' }).default('all'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'expected trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
  WEBHOOK_URL: z.string().optional(),
  WEBHOOK_SECRET: z.string().optional(),
  NODE_ENV: z.string().optional(),
})

/**
 * Returns the variables of the process and of `.env` in the working directory, with every `NAME_FILE` read; a variable of
 * the process wins. Without `dotEnv` the file `.env` is not read: an assistant starts `mcp` in the directory that it works
 * on, and the author of that directory must not choose the databases or the query.
 */
export function readEnvironment({ dotEnv = true } = {}): Environment {
  return readFiles({ ...(dotEnv ? readDotEnv() : {}), ...process.env })
}

/**
 * Returns the secrets of an environment, valid or not. From a connection URL this is the password, both as it is written
 * and percent-decoded.
 */
export function secretsOf(environment: Environment): string[] {
  const { DATABASE_URL, CLIENT_SYSTEM_URL, AUTH_TOKEN, WEBHOOK_URL, WEBHOOK_SECRET } = environment
  const passwords = [DATABASE_URL, CLIENT_SYSTEM_URL].flatMap((url) => (url ? passwordsOf(url) : []))
  const others = [AUTH_TOKEN, WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_SECRET?.replace(/^whsec_/, '')]
  return [...new Set([...passwords, ...others])].flatMap((secret) => secret || [])
}

function passwordsOf(text: string): string[] {
  const typed = /^\w+:\/\/[^:@/]*:(.*)@/s.exec(text)?.[1] ?? ''
  const url = URL.canParse(text) ? new URL(text) : null
  const given = [typed, url?.password ?? '', url?.searchParams.get('password') ?? '']
  return given.flatMap((password) => [password, decode(password)])
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Returns true when the demonstration should run: neither database URL is set, NODE_ENV is not production, and no variable
 * of an installation is set. When a query, a schedule or a role is set, the URLs were probably forgotten.
 */
export function wantsDemonstration(environment: Environment): boolean {
  if (environment.DATABASE_URL || environment.CLIENT_SYSTEM_URL || environment.NODE_ENV === 'production') return false
  return !Object.keys(environment).some(
    (name) => /^(CLIENT_SYSTEM|SYNC|WEBHOOK)_|^ROLE$/.test(name) && environment[name],
  )
}

/**
 * Parses the configuration. Throws ConfigError with all errors at once, each with the name of its variable and what is
 * expected.
 */
export function parseConfig(environment: Environment, { demonstration = false } = {}): Config {
  const errors: string[] = []
  const issues = schema.safeParse(environment).error?.issues ?? []
  const unreadable = new Set(issues.map(({ path }) => String(path[0])))
  for (const { path, message } of issues) errors.push(`${String(path[0])}: ${message}`)
  // An invalid variable is reported once. The other checks go on with its default, so that all errors are found.
  const env = schema.parse({ ...environment, ...Object.fromEntries([...unreadable].map((name) => [name, undefined])) })
  const reportError = (name: string, message: string) => {
    if (!unreadable.has(name)) errors.push(`${name}: ${message}`)
  }

  if (!env.DATABASE_URL)
    reportError('DATABASE_URL', 'expected the URL of the Sync database, postgres://user@host/database')
  if (!env.CLIENT_SYSTEM_URL) {
    reportError('CLIENT_SYSTEM_URL', 'expected the URL of the Client System, postgres://user@host/database')
  }
  const syncDatabase = env.DATABASE_URL ? parseTarget(env.DATABASE_URL, 'DATABASE_URL', reportError) : null
  const source = env.CLIENT_SYSTEM_URL
    ? parseTarget(env.CLIENT_SYSTEM_URL, 'CLIENT_SYSTEM_URL', reportError, { insecure: env.CLIENT_SYSTEM_INSECURE })
    : null
  if (source && !source.verified && !env.CLIENT_SYSTEM_INSECURE) {
    reportError(
      'CLIENT_SYSTEM_URL',
      `sslmode=${source.sslmode} does not verify a remote server; use sslmode=verify-full, or allow it with CLIENT_SYSTEM_INSECURE=true`,
    )
  }
  const interval = scheduleInterval(env.SYNC_CRON, env.SYNC_TIMEZONE, reportError)
  const allowedHosts = (env.ALLOWED_HOSTS ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  const invalidHost = allowedHosts.find((name) => !/^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/.test(name))
  if (invalidHost !== undefined) {
    reportError(
      'ALLOWED_HOSTS',
      `${invalidHost} is not a host name; expected names as in a URL, like meters.example.org`,
    )
  }
  if (!isLoopback(env.HOST)) {
    if (!env.AUTH_TOKEN) reportError('AUTH_TOKEN', `required because HOST=${env.HOST} is not loopback`)
    if (allowedHosts.length === 0) reportError('ALLOWED_HOSTS', `required because HOST=${env.HOST} is not loopback`)
  }
  const webhook = parseWebhook(env.WEBHOOK_URL, env.WEBHOOK_SECRET, reportError)
  if (errors.length > 0 || !syncDatabase || !source) throw new ConfigError(errors)

  return {
    syncDatabase: syncDatabase.target,
    clientSystems: [
      {
        id: env.CLIENT_SYSTEM_ID,
        name: env.CLIENT_SYSTEM_NAME,
        target: source.target,
        query: env.CLIENT_SYSTEM_QUERY,
        insecure: !source.verified,
        schedule: { cron: env.SYNC_CRON, timeZone: env.SYNC_TIMEZONE },
        freshnessMs: env.FRESHNESS_MINUTES === undefined ? 2 * interval + 600_000 : env.FRESHNESS_MINUTES * 60_000,
        timeouts: {
          connectMs: 10_000,
          startMs: env.READ_START_SECONDS * 1_000,
          idleMs: env.READ_IDLE_SECONDS * 1_000,
          totalMs: env.RUN_TIMEOUT_SECONDS * 1_000,
        },
        guard: {
          minimum: env.DELETE_GUARD_MINIMUM,
          percent: env.DELETE_GUARD_PERCENT,
          maximum: env.DELETE_GUARD_MAXIMUM,
        },
        readingIntervalMs: env.READING_INTERVAL_MINUTES * 60_000,
        silentAlertPercent: env.SILENT_ALERT_PERCENT,
      },
    ],
    role: env.ROLE,
    host: env.HOST,
    port: env.PORT,
    authToken: env.AUTH_TOKEN ?? null,
    allowedHosts,
    historyDays: env.HISTORY_DAYS,
    readingsDays: env.READINGS_DAYS ?? null,
    readingRegisters: env.READING_REGISTERS.split(',').map((name) => name.trim().toLowerCase()),
    logLevel: env.LOG_LEVEL,
    demonstration,
    secrets: secretsOf(environment),
    webhook,
  }
}
