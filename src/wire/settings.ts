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
