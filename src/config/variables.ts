import { z } from 'zod'
import type { Environment } from './files.ts'

/** A whole number in decimal digits. */
const integer = (minimum: number, maximum: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      error: `expected a whole number from ${minimum} to ${maximum}`,
    })
    .transform(Number)

/** The variables that are read, with their formats and defaults. Every value is text. */
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

export type Variables = z.infer<typeof schema>

/**
 * Parses each variable by itself. Appends an error for each invalid variable to `errors`, and
 * returns its default in its place, so that the caller finds all other errors too. `invalid` has the names.
 */
export function parseVariables(
  environment: Environment,
  errors: string[],
): { variables: Variables; invalid: ReadonlySet<string> } {
  const issues = schema.safeParse(environment).error?.issues ?? []
  for (const { path, message } of issues) errors.push(`${String(path[0])}: ${message}`)
  const invalid = new Set(issues.map(({ path }) => String(path[0])))
  const others = Object.entries(environment).filter(([name]) => !invalid.has(name))
  return { variables: schema.parse(Object.fromEntries(others)), invalid }
}
