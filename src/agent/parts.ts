import type pg from 'pg'
import type { Access } from '../access/access.ts'
import type { Agent } from '../agent.ts'
import type { ClientSystem } from '../config/environment.ts'
import type { Live } from '../live/live.ts'
import type { Previews } from '../mirror/previews.ts'
import type { CancelRun } from '../runs/cancel.ts'
import type { TriggerRun } from '../runs/trigger.ts'
import type { Settings } from '../wire/types.ts'
import type { WaitingSyncs } from '../workers/waiting.ts'

/** The parts behind the public interface. */
export type AgentParts = {
  clientSystems: readonly ClientSystem[]
  settings: Settings
  /** For short statements, such as those for the state of runs. */
  pool: pg.Pool
  /** For lists of meters and history. */
  lists: pg.Pool
  /** For the readings that collectors send. */
  readings: pg.Pool
  access: Access
  live: Live
  previews: Previews
  trigger: TriggerRun
  cancel: CancelRun
  waitingSyncs: WaitingSyncs
  /** The names of the quantities that only grow. */
  registers: readonly string[]
  testAlerts: Agent['testAlerts']
  isQueueReady: () => Promise<boolean>
}
