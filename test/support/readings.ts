import type { StoredReadings } from '../../src/wire/types.ts'
import type { TestAgent } from './world.ts'

/** Sends a body of readings to an agent, as a collector does. */
export async function postReadings(agent: TestAgent, body: string | Buffer) {
  return await agent.api<StoredReadings>('/api/readings', { method: 'POST', body })
}

/** Returns a reading of the energy of a meter, at noon unless `readAt` is another time. */
export function energyReading(externalId: string, value: number, readAt = '2026-01-31T12:00:00Z') {
  return { externalId, quantity: 'energy', value, unit: 'kWh', readAt }
}
