import { type Condition, settledCondition } from '../../../src/wire/condition.ts'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import type { State } from '../data/state.ts'

type Icon = 'failed' | 'attention' | 'unknown' | 'running' | 'in-sync'

/** Returns title and icon of the tab: the worst condition of all Client Systems. Pure. */
export function tabOf(state: State): { title: string; icon: Icon } {
  const statuses = state.systems.map((s) => s.status)
  const name = 'Meter Sync Agent'
  if (state.agent === null || statuses.length === 0) return { title: `Sync Status · ${name}`, icon: 'unknown' }
  const conditions = statuses.map(settledCondition)
  const has = (condition: Condition) => conditions.includes(condition)
  const running = statuses.some((s: ClientSystemStatus) => s.activeRun !== null)
  if (has('failed')) return { title: `✕ Sync failed · ${name}`, icon: 'failed' }
  if (state.connection === 'lost') return { title: `Connection lost · ${name}`, icon: 'unknown' }
  if (has('stale')) return { title: `! Out of date · ${name}`, icon: 'attention' }
  if (has('held-back')) return { title: `! Deletions held back · ${name}`, icon: 'attention' }
  if (has('rejected')) return { title: `! Rows rejected · ${name}`, icon: 'attention' }
  if (running) return { title: `Sync in progress · ${name}`, icon: 'running' }
  if (has('never')) return { title: `Not synced yet · ${name}`, icon: 'unknown' }
  if (has('kept')) return { title: `In sync, except kept meters · ${name}`, icon: 'in-sync' }
  return { title: `In sync · ${name}`, icon: 'in-sync' }
}
