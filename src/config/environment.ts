import { z } from 'zod'
import { ConfigError } from '../lib/errors.ts'
import { readDotEnv, readFiles } from './files.ts'
import { scheduleInterval } from './schedule.ts'
import { type DatabaseTarget, isLoopback, parseTarget, parseWebhook, type Webhook } from './targets.ts'

/** A deletion that looks like an accident is one beyond these (`DELETE_GUARD_…` of the README). */
export type DeleteGuard = { minimum: number; percent: number; maximum: number }

/** Milliseconds. `start`: to the first byte of an answer of the source. `idle`: the longest silence after it. */
type Timeouts = { connectMs: number; startMs: number; idleMs: number; totalMs: number }

export type ClientSystem = {
  id: string
  name: string
  target: DatabaseTarget
  query: string
  /** Plaintext or unverified TLS to another host, which the administrator allowed. */
  insecure: boolean
  schedule: { cron: string; timeZone: string }
  /** Age of the last success, in milliseconds, after which the meters count as stale. */
  freshnessMs: number
  timeouts: Timeouts
  guard: DeleteGuard
  /** How often a meter is read, in milliseconds, where the query has no `reading_interval` for it. */
  readingIntervalMs: number
}

export type Config = {
  syncDatabase: DatabaseTarget
  clientSystems: ClientSystem[]
  role: 'all' | 'api' | 'worker'
  host: string
  port: number
  authToken: string | null
  /** Values of the Host header that are served, without port; empty means the loopback names. */
  allowedHosts: string[]
  historyDays: number
  logLevel: string
  demonstration: boolean
  /** What must never be shown, in the forms in which it was given (src/lib/log.ts). */
  secrets: readonly string[]
  /** Where alerts go, and the key that signs them. */
  webhook: Webhook | null
}

/** What is set when neither URL is: the caller starts the demonstration and parses again with its URLs. */
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
  HISTORY_DAYS: integer(1, 36_500).default(400),
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
 * Returns the process's environment over the `.env` of the working directory, with every `NAME_FILE` read. Without `dotEnv`
 * no file of the working directory is read: an assistant starts `mcp` in a workspace, whose author must not choose the
 * databases or the query.
 */
export function readEnvironment({ dotEnv = true } = {}): Environment {
  return readFiles({ ...(dotEnv ? readDotEnv() : {}), ...process.env })
}

/** The secrets of an environment, right or wrong: of a connection's URL its password, as it is typed and as it is meant. */
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
 * True when neither database is named, this is not production, and nothing else says that an installation is meant: then the
 * demonstration brings both. Where its query, its schedule or its role is set, the URLs were forgotten.
 */
export function wantsDemonstration(environment: Environment): boolean {
  if (environment.DATABASE_URL || environment.CLIENT_SYSTEM_URL || environment.NODE_ENV === 'production') return false
  return !Object.keys(environment).some(
    (name) => /^(CLIENT_SYSTEM|SYNC|WEBHOOK)_|^ROLE$/.test(name) && environment[name],
  )
}

/** Checks everything at once. Throws ConfigError with every fault, each by the variable's name and what was expected. */
export function parseConfig(environment: Environment, { demonstration = false } = {}): Config {
  const faults: string[] = []
  const issues = schema.safeParse(environment).error?.issues ?? []
  const unreadable = new Set(issues.map(({ path }) => String(path[0])))
  for (const { path, message } of issues) faults.push(`${String(path[0])}: ${message}`)
  // What cannot be read is named once; the rest is checked further, as though that stood at its default.
  const env = schema.parse({ ...environment, ...Object.fromEntries([...unreadable].map((name) => [name, undefined])) })
  const fault = (name: string, message: string) => {
    if (!unreadable.has(name)) faults.push(`${name}: ${message}`)
  }

  if (!env.DATABASE_URL) fault('DATABASE_URL', 'expected the URL of the Sync database, postgres://user@host/database')
  if (!env.CLIENT_SYSTEM_URL) {
    fault('CLIENT_SYSTEM_URL', 'expected the URL of the Client System, postgres://user@host/database')
  }
  const syncDatabase = env.DATABASE_URL ? parseTarget(env.DATABASE_URL, 'DATABASE_URL', fault) : null
  const source = env.CLIENT_SYSTEM_URL
    ? parseTarget(env.CLIENT_SYSTEM_URL, 'CLIENT_SYSTEM_URL', fault, { insecure: env.CLIENT_SYSTEM_INSECURE })
    : null
  if (source && !source.verified && !env.CLIENT_SYSTEM_INSECURE) {
    fault(
      'CLIENT_SYSTEM_URL',
      `sslmode=${source.sslmode} does not verify a remote server; use sslmode=verify-full, or allow it with CLIENT_SYSTEM_INSECURE=true`,
    )
  }
  const interval = scheduleInterval(env.SYNC_CRON, env.SYNC_TIMEZONE, fault)
  const allowedHosts = (env.ALLOWED_HOSTS ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  const odd = allowedHosts.find((name) => !/^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/.test(name))
  if (odd !== undefined) {
    fault('ALLOWED_HOSTS', `${odd} is not a name; expected what stands in the address, like meters.example.org`)
  }
  if (!isLoopback(env.HOST)) {
    if (!env.AUTH_TOKEN) fault('AUTH_TOKEN', `required because HOST=${env.HOST} is not loopback`)
    if (allowedHosts.length === 0) fault('ALLOWED_HOSTS', `required because HOST=${env.HOST} is not loopback`)
  }
  const webhook = parseWebhook(env.WEBHOOK_URL, env.WEBHOOK_SECRET, fault)
  if (faults.length > 0 || !syncDatabase || !source) throw new ConfigError(faults)

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
      },
    ],
    role: env.ROLE,
    host: env.HOST,
    port: env.PORT,
    authToken: env.AUTH_TOKEN ?? null,
    allowedHosts,
    historyDays: env.HISTORY_DAYS,
    logLevel: env.LOG_LEVEL,
    demonstration,
    secrets: secretsOf(environment),
    webhook,
  }
}
