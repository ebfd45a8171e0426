import type { Change, Meter, Preview, Reading } from '../../../wire/types.ts'
import { counts, succeeded } from './runs.ts'

export const reading: Reading = {
  quantity: 'energy',
  readAt: '2026-01-31T12:15:00.000Z',
  value: 18_403.75,
  unit: 'kWh',
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

export const csvMeters =
  'id,externalId,name,serialNumber,kind,unit,location,ipAddress,port,active,removedAt,createdAt,updatedAt,collection,readingIntervalMinutes,lastReadAt,lastQuantity,lastValue,lastUnit,attributes\r\n'

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
