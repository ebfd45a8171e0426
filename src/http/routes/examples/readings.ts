import type { MeterReading, WaitingMeter } from '../../../wire/types.ts'
import { meter, reading } from './meters.ts'

export const sentReading = {
  externalId: 'E-1042',
  quantity: 'energy',
  value: 18_403.75,
  unit: 'kWh',
  readAt: '2026-01-31T12:15:00Z',
}

export const meterReading: MeterReading = {
  meterId: meter.id,
  externalId: meter.externalId,
  ...reading,
  readAt: '2026-01-31T12:00:00.000000Z',
}

export const csvReadings =
  'externalId,quantity,value,unit,readAt\r\n100234,energy,48211.7,kWh,2026-01-31T12:00:00.000000Z\r\n'

export const waitingMeter: WaitingMeter = {
  externalId: '100243',
  readings: 12,
  firstReceivedAt: '2026-01-31T09:00:01.040Z',
  lastReceivedAt: '2026-01-31T11:45:01.017Z',
}
