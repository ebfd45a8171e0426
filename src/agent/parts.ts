import type { Access } from '../access/access.ts'
import type { Agent } from '../agent.ts'
import type { ClientSystem } from '../config/environment.ts'
import type { Pools } from '../db/pools.ts'
import type { Live } from '../live/live.ts'
import type { Previews } from '../mirror/previews.ts'
import type { CancelRun } from '../runs/cancel.ts'
import type { TriggerRun } from '../runs/trigger.ts'
import type { Settings } from '../wire/types.ts'
import type { WaitingSyncs } from '../workers/waiting-syncs.ts'

/** The parts behind the public interface. */
export type AgentParts = {
  clientSystems: readonly ClientSystem[]
  settings: Settings
  pools: Pools
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
