import { ConfigError } from '../lib/errors.ts'
import { type Environment, readDotEnv, readFiles } from './files.ts'
import { findLongestInterval } from './schedule.ts'
import { secretsOf } from './secrets.ts'
import { type DatabaseTarget, isLoopback, type ParsedTarget, parseTarget, type ReportError } from './targets.ts'
import { parseVariables, type Variables } from './variables.ts'
import { parseWebhook, type Webhook } from './webhook.ts'

export type { Environment } from './files.ts'

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
  /** Secrets in the forms in which they were given. The log and error messages hide them (src/lib/redact.ts). */
  secrets: readonly string[]
  /** Where alerts are sent, and the key that signs them; null when no alerts are configured. */
  webhook: Webhook | null
}

/**
 * Returns the variables of the process and of `.env` in the working directory, with every `NAME_FILE` read; a variable of
 * the process wins. Without `dotEnv` the file `.env` is not read: an assistant starts `mcp` in the directory that it works
 * on, and the author of that directory must not choose the databases or the query.
 */
export function readEnvironment({ dotEnv = true } = {}): Environment {
  return readFiles({ ...(dotEnv ? readDotEnv() : {}), ...process.env })
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
  const { variables, invalid } = parseVariables(environment, errors)
  // An invalid variable is already reported, and the other checks use its default.
  const reportError: ReportError = (name, message) => {
    if (!invalid.has(name)) errors.push(`${name}: ${message}`)
  }
  const syncDatabase = parseSyncDatabase(variables, reportError)
  const clientSystem = parseClientSystem(variables, reportError)
  const allowedHosts = parseAllowedHosts(variables, reportError)
  requireProtection(variables, allowedHosts, reportError)
  const webhook = parseWebhook(variables.WEBHOOK_URL, variables.WEBHOOK_SECRET, reportError)
  if (errors.length > 0 || !syncDatabase || !clientSystem) throw new ConfigError(errors)
  return {
    syncDatabase,
    clientSystems: [clientSystem],
    role: variables.ROLE,
    host: variables.HOST,
    port: variables.PORT,
    authToken: variables.AUTH_TOKEN ?? null,
    allowedHosts,
    historyDays: variables.HISTORY_DAYS,
    readingsDays: variables.READINGS_DAYS ?? null,
    readingRegisters: listOf(variables.READING_REGISTERS),
    logLevel: variables.LOG_LEVEL,
    demonstration,
    secrets: secretsOf(environment),
    webhook,
  }
}

/** Returns null after an error was reported. */
function parseSyncDatabase({ DATABASE_URL: url }: Variables, reportError: ReportError): DatabaseTarget | null {
  if (!url) {
    reportError('DATABASE_URL', 'expected the URL of the Sync database, postgres://user@host/database')
    return null
  }
  return parseTarget(url, 'DATABASE_URL', reportError)?.target ?? null
}

/** Returns null after an error of its connection was reported. */
function parseClientSystem(variables: Variables, reportError: ReportError): ClientSystem | null {
  const source = parseSource(variables, reportError)
  const schedule = { cron: variables.SYNC_CRON, timeZone: variables.SYNC_TIMEZONE }
  const intervalMs = findLongestInterval(schedule.cron, schedule.timeZone, reportError)
  return (
    source && {
      id: variables.CLIENT_SYSTEM_ID,
      name: variables.CLIENT_SYSTEM_NAME,
      target: source.target,
      query: variables.CLIENT_SYSTEM_QUERY,
      insecure: !source.verified,
      schedule,
      freshnessMs:
        variables.FRESHNESS_MINUTES === undefined ? 2 * intervalMs + 600_000 : variables.FRESHNESS_MINUTES * 60_000,
      timeouts: {
        connectMs: 10_000,
        startMs: variables.READ_START_SECONDS * 1_000,
        idleMs: variables.READ_IDLE_SECONDS * 1_000,
        totalMs: variables.RUN_TIMEOUT_SECONDS * 1_000,
      },
      guard: {
        minimum: variables.DELETE_GUARD_MINIMUM,
        percent: variables.DELETE_GUARD_PERCENT,
        maximum: variables.DELETE_GUARD_MAXIMUM,
      },
      readingIntervalMs: variables.READING_INTERVAL_MINUTES * 60_000,
      silentAlertPercent: variables.SILENT_ALERT_PERCENT,
    }
  )
}

/** Returns how to reach the Client System. An unverified connection is an error unless the administrator allowed it. */
function parseSource(
  { CLIENT_SYSTEM_URL: url, CLIENT_SYSTEM_INSECURE: insecure }: Variables,
  reportError: ReportError,
): ParsedTarget | null {
  if (!url) {
    reportError('CLIENT_SYSTEM_URL', 'expected the URL of the Client System, postgres://user@host/database')
    return null
  }
  const source = parseTarget(url, 'CLIENT_SYSTEM_URL', reportError, { insecure })
  if (source && !source.verified && !insecure) {
    reportError(
      'CLIENT_SYSTEM_URL',
      `sslmode=${source.sslmode} does not verify a remote server; use sslmode=verify-full, or allow it with CLIENT_SYSTEM_INSECURE=true`,
    )
  }
  return source
}

function parseAllowedHosts({ ALLOWED_HOSTS = '' }: Variables, reportError: ReportError): string[] {
  const hosts = listOf(ALLOWED_HOSTS).filter((name) => name !== '')
  const invalid = hosts.find((name) => !/^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/.test(name))
  if (invalid !== undefined)
    reportError('ALLOWED_HOSTS', `${invalid} is not a host name; expected names as in a URL, like meters.example.org`)
  return hosts
}

/** Reports the variables that are missing where other machines can reach HTTP. */
function requireProtection({ HOST, AUTH_TOKEN }: Variables, allowedHosts: string[], reportError: ReportError): void {
  if (isLoopback(HOST)) return
  if (!AUTH_TOKEN) reportError('AUTH_TOKEN', `required because HOST=${HOST} is not loopback`)
  if (allowedHosts.length === 0) reportError('ALLOWED_HOSTS', `required because HOST=${HOST} is not loopback`)
}

/** Returns the items of a comma-separated list, in lower case. */
function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim().toLowerCase())
}
