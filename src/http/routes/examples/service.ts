import type { AlertTest, KeptDeletions, Settings, Status } from '../../../wire/types.ts'
import { succeeded } from './runs.ts'

export const next = 'eyJhdCI6IjIwMjYifQ'

export const status: Status = {
  serverTime: '2026-01-31T12:20:00.000Z',
  version: '0.1.0',
  demonstration: false,
  clientSystems: [
    {
      id: 'main',
      name: 'Client System',
      condition: 'in-sync',
      insecure: false,
      schedule: { cron: '0 * * * *', timeZone: 'UTC', nextRunAt: '2026-01-31T13:00:00.000Z' },
      meters: { total: 512, active: 499, inactive: 13 },
      sameMetersAs: null,
      activeRun: null,
      lastRun: succeeded,
      lastSuccess: succeeded,
      lastFailure: null,
      failures: null,
      keptDeletions: null,
      workers: 1,
      freshness: 'fresh',
    },
  ],
}

export const keptDeletions: KeptDeletions = {
  digest: '5f1d7a84db00d2fce00b31a7fc73224f',
  note: 'The works replaces these meters this week',
  by: 'anna',
  since: '2026-01-31T12:21:40.000Z',
}

export const alertTest: AlertTest = {
  channel: 'webhook',
  receiver: 'alerts.example',
  delivered: true,
  status: 200,
  error: null,
  hint: null,
}

export const settings: Settings = {
  version: '0.1.0',
  role: 'all',
  demonstration: false,
  historyDays: 400,
  readingsDays: null,
  syncDatabase: { host: 'localhost', port: 5432, database: 'meter_sync', tls: 'none' },
  clientSystems: [
    {
      id: 'main',
      name: 'Client System',
      database: { host: 'client-system.example', port: 5432, database: 'utility', tls: 'verified' },
      insecure: false,
      schedule: { cron: '0 * * * *', timeZone: 'UTC' },
      freshnessMinutes: 130,
      runTimeoutSeconds: 3_600,
      readStartSeconds: 300,
      readIdleSeconds: 30,
      deleteGuard: { minimum: 10, percent: 5, maximum: 500 },
      readingIntervalMinutes: 60,
    },
  ],
  alerts: { webhookHost: 'alerts.example' },
  isAdministratorTokenSet: true,
}
