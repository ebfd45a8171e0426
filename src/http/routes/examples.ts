import type {
  Change,
  Collection,
  CollectionGroup,
  Gaps,
  Meter,
  MeterFacets,
  MeterReading,
  Preview,
  Problem,
  Progress,
  Reading,
  Rejected,
  Run,
  RunHistory,
  Settings,
  SilentMeter,
  Status,
  Target,
  WaitingMeter,
} from '../../wire/types.ts'

/** All examples are of one sync: a sync that found a meter renamed, a new one, and one that has gone. */

const counts: Run['counts'] = {
  read: 500,
  inserted: 1,
  updated: 1,
  unchanged: 497,
  rejected: 1,
  restored: 0,
  deleted: 1,
  withheld: 0,
}

export const succeeded: Run = {
  id: '6f1c3a52-8c0e-4f0b-9d9a-2f6f3b8f7d10',
  clientSystemId: 'main',
  trigger: 'schedule',
  requestedBy: null,
  approveDeletes: null,
  approveDigest: null,
  status: 'succeeded',
  phase: null,
  queuedAt: '2026-01-31T12:00:00.041Z',
  startedAt: '2026-01-31T12:00:00.067Z',
  finishedAt: '2026-01-31T12:00:00.318Z',
  counts,
  error: null,
  readMode: 'narrow',
  readReason: null,
  withheldBecause: null,
  withheldDigest: null,
  rejectedBecause: null,
  proof: { rows: 499, digest: '9f3c61d2a80b47e5' },
  bytesRead: 4_120,
  timings: { connecting: 21, reading: 64, comparing: 31, applying: 18, proving: 9 },
  revision: 128,
}

export const runHistory: RunHistory = {
  clientSystemId: 'main',
  from: '2025-11-02T12:00:00.000Z',
  to: '2026-01-31T12:20:00.000Z',
  summary: { days: 30, succeeded: 717, failed: 3, outages: 2, staleSeconds: 25_200 },
  hours: [
    {
      from: '2026-01-31T12:00:00.000Z',
      succeeded: 1,
      failed: 0,
      cancelled: 0,
      inserted: 1,
      updated: 1,
      deleted: 1,
    },
  ],
  missedHours: ['2026-01-31T11:00:00.000Z'],
}

export const queued: Run = {
  ...succeeded,
  id: '0d6a3c1e-53c7-4a57-b1d0-6b4f4a1f0c77',
  trigger: 'manual',
  requestedBy: 'administrator',
  status: 'queued',
  queuedAt: '2026-01-31T12:20:00.512Z',
  startedAt: null,
  finishedAt: null,
  counts: null,
  readMode: null,
  proof: null,
  bytesRead: null,
  timings: null,
  revision: 129,
}

export const cancelled: Run = {
  ...queued,
  status: 'cancelled',
  startedAt: '2026-01-31T12:20:00.540Z',
  finishedAt: '2026-01-31T12:20:01.204Z',
  error: {
    code: 'cancelled',
    message: 'The run was cancelled',
    hint: 'Nothing was changed; the next run starts from the beginning',
  },
  revision: 132,
}

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
      workers: 1,
      freshness: 'fresh',
    },
  ],
}

export const progress: Progress = {
  runId: queued.id,
  clientSystemId: 'main',
  phase: 'reading',
  step: 'meters',
  rowsRead: 320,
  rowsExpected: 500,
  bytesRead: 39_300,
}

export const reading: Reading = {
  quantity: 'energy',
  readAt: '2026-01-31T12:15:00.000Z',
  value: 18_403.75,
  unit: 'kWh',
}

export const sentReading = {
  externalId: 'E-1042',
  quantity: 'energy',
  value: 18_403.75,
  unit: 'kWh',
  readAt: '2026-01-31T12:15:00Z',
}

export const meter: Meter = {
  id: 42,
  clientSystemId: 'main',
  externalId: 'E-1042',
  name: 'Boiler room, heat',
  serialNumber: 'LG-55-1042',
  kind: 'heat',
  unit: 'kWh',
  location: 'Building C',
  ipAddress: '10.20.4.17',
  port: 502,
  attributes: { manufacturer: 'Landis', firmware: '4.2.1' },
  active: true,
  removedAt: null,
  createdAt: '2025-11-03T08:00:00.120Z',
  updatedAt: '2026-01-31T12:00:00.301Z',
  lastReading: reading,
  collection: 'reporting',
  readingIntervalMinutes: 60,
}

export const collection: Collection = {
  clientSystemId: 'main',
  at: '2026-01-31T12:04:10.512Z',
  readingIntervalMinutes: 60,
  meters: { reporting: 480, late: 5, silent: 3, never: 2, stillReporting: 1, quiet: 9 },
  waiting: { readings: 12, externalIds: 1 },
  newestReadingAt: '2026-01-31T12:00:00.000Z',
}

export const change: Change = {
  runId: succeeded.id,
  at: '2026-01-31T12:00:00.301Z',
  meterId: meter.id,
  externalId: meter.externalId,
  meter: { name: meter.name, kind: meter.kind, location: meter.location, lastReading: meter.lastReading },
  operation: 'update',
  before: { name: 'Boiler room' },
  after: { name: meter.name },
}

export const preview: Preview = {
  counts,
  changes: [
    {
      meterId: 42,
      externalId: 'E-1042',
      meter: change.meter && { ...change.meter, name: 'Boiler room' },
      operation: 'update',
      before: change.before,
      after: change.after,
    },
    {
      meterId: 77,
      externalId: 'E-2001',
      meter: { name: 'Stairwell', kind: 'electricity', location: 'Main street 1', lastReading: null },
      operation: 'delete',
      before: null,
      after: null,
    },
    {
      meterId: null,
      externalId: 'E-3000',
      meter: null,
      operation: 'insert',
      before: null,
      after: { name: 'Pump house, water' },
    },
  ],
  withheldBecause: null,
  withheldDigest: null,
  rejectedBecause: null,
}

export const rejected: Rejected = {
  externalId: 'E-4711',
  reason: { code: 'invalid_port' },
  row: { name: 'Cellar', port: '70000' },
}

export const wrongParameter: Problem = {
  type: 'about:blank',
  title: 'Bad request',
  status: 400,
  detail: 'The parameters are wrong: limit: expected a whole number from 1 to 200',
  code: 'bad_request',
  hint: 'Correct the request and send it again',
}

export const runIsActive: Problem = {
  type: 'about:blank',
  title: 'A run is active',
  status: 409,
  detail: 'A sync of this Client System is active',
  code: 'run_active',
  hint: 'Follow the active run; a new one can start when it has ended',
  run: queued,
}

export const meterReading: MeterReading = {
  meterId: meter.id,
  externalId: meter.externalId,
  ...reading,
  readAt: '2026-01-31T12:00:00.000000Z',
}

export const target: Target = {
  meterId: meter.id,
  externalId: meter.externalId,
  name: meter.name,
  serialNumber: meter.serialNumber,
  kind: meter.kind,
  unit: meter.unit,
  location: meter.location,
  ipAddress: meter.ipAddress,
  port: meter.port,
  readingIntervalMinutes: 60,
  attributes: meter.attributes,
}

export const csvReadings =
  'externalId,quantity,value,unit,readAt\r\n100234,energy,48211.7,kWh,2026-01-31T12:00:00.000000Z\r\n'

export const csvTargets =
  'meterId,externalId,name,serialNumber,kind,unit,location,ipAddress,port,readingIntervalMinutes,attributes\r\n'

export const csvMeters =
  'id,externalId,name,serialNumber,kind,unit,location,ipAddress,port,active,removedAt,createdAt,updatedAt,collection,readingIntervalMinutes,lastReadAt,lastQuantity,lastValue,lastUnit,attributes\r\n'

export const meterFacets: MeterFacets = {
  state: { active: 499, inactive: 13 },
  collection: collection.meters,
  kind: { values: [{ value: 'electricity', meters: 320 }], others: { values: 2, meters: 192 } },
  location: { values: [{ value: 'Building C', meters: 41 }], others: { values: 12, meters: 471 } },
}

export const collectionGroup: CollectionGroup = {
  location: meter.location,
  kind: meter.kind,
  reporting: 11,
  late: 0,
  silent: 1,
  never: 0,
  silentSince: '2026-01-31T03:15:00.000Z',
}

export const silentMeter: SilentMeter = {
  meterId: meter.id,
  externalId: meter.externalId,
  name: meter.name,
  location: meter.location,
  kind: meter.kind,
  lastReadAt: '2026-01-31T03:15:00.000Z',
  readingIntervalMinutes: 15,
}

export const gaps: Gaps = {
  from: '2026-01-24T12:00:00.000Z',
  to: '2026-01-31T12:00:00.000Z',
  readingIntervalMinutes: 15,
  gaps: [{ quantity: 'energy', from: '2026-01-30T01:00:00.000Z', to: '2026-01-30T03:00:00.000Z', missing: 7 }],
}

export const waitingMeter: WaitingMeter = {
  externalId: '100243',
  readings: 12,
  firstReceivedAt: '2026-01-31T09:00:01.040Z',
  lastReceivedAt: '2026-01-31T11:45:01.017Z',
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
