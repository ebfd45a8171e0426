import type { Agent } from '../agent.ts'
import { createMeterMethods } from './meters.ts'
import type { AgentParts } from './parts.ts'
import { findUnready } from './readiness.ts'
import { createReadingMethods } from './readings.ts'
import { createRunMethods } from './runs.ts'

/** Returns the public interface over these parts. */
export function createAgent(parts: AgentParts): Agent {
  const { access, settings, live, testAlerts } = parts
  const meterMethods = createMeterMethods(parts)
  return {
    access,
    settings,
    testAlerts,
    status: live.status,
    subscribe: live.subscribe,
    subscribeSince: live.subscribeSince,
    listening: live.listening,
    unready: () => findUnready(parts),
    ...createRunMethods(parts),
    ...meterMethods,
    ...createReadingMethods(parts, meterMethods.meter),
  }
}
