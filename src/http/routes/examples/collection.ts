import type { Collection, CollectionGroup, Gaps, MeterFacets, SilentMeter, Target } from '../../../wire/types.ts'
import { meter } from './meters.ts'

export const collection: Collection = {
  clientSystemId: 'main',
  at: '2026-01-31T12:04:10.512Z',
  readingIntervalMinutes: 60,
  meters: { reporting: 480, late: 5, silent: 3, never: 2, stillReporting: 1, quiet: 9 },
  waiting: { readings: 12, externalIds: 1 },
  newestReadingAt: '2026-01-31T12:00:00.000Z',
}

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

export const csvTargets =
  'meterId,externalId,name,serialNumber,kind,unit,location,ipAddress,port,readingIntervalMinutes,attributes\r\n'
