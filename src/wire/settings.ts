import { z } from 'zod'
import { count } from './basics.ts'

const database = z
  .object({
    host: z.string(),
    port: count,
    database: z.string(),
    tls: z.enum(['none', 'unverified', 'verified']),
  })
  .describe('Without user and password')

/** The result of a test alert. */
export const alertTest = z
  .object({
    channel: z.enum(['webhook']),
    receiver: z.string().describe('The host that it was sent to'),
    delivered: z.boolean(),
    status: count.nullable().describe('The status of the answer; null when there was none'),
    error: z.string().nullable().describe('Why it was not delivered'),
    hint: z.string().nullable().describe('What to do next'),
  })
  .meta({ id: 'AlertTest' })

/** The configuration of this process, without its secrets. */
export const settings = z
  .object({
    version: z.string(),
    role: z.enum(['all', 'api', 'worker']),
    demonstration: z.boolean(),
    historyDays: count.describe('How long runs and changes are kept'),
    readingsDays: count.nullable().describe('How long readings are kept; null: for ever'),
    syncDatabase: database,
    clientSystems: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        database,
        insecure: z.boolean(),
        schedule: z.object({ cron: z.string(), timeZone: z.string() }),
        freshnessMinutes: z.number(),
        runTimeoutSeconds: z.number(),
        readStartSeconds: z.number(),
        readIdleSeconds: z.number(),
        deleteGuard: z.object({ minimum: z.number(), percent: z.number(), maximum: z.number() }),
        readingIntervalMinutes: z.number(),
      }),
    ),
    alerts: z.object({ webhookHost: z.string().nullable().describe('Null where no webhook is set') }),
    isAdministratorTokenSet: z.boolean().describe('Whether AUTH_TOKEN is set'),
  })
  .meta({ id: 'Settings' })
