/** The processes of the agent whose pings arrive from this Sync database, and the Client Systems whose runs each works on. */
export type Processes = {
  /** Records a ping of a process. Returns true when it is the first ping of this process. */
  record: (process: string, clientSystemIds: string[]) => boolean
  /** Removes the processes whose pings no longer arrive. Call it before each ping is sent. */
  removeSilent: () => void
  /**
   * Returns how many processes work on the runs of a Client System; null when none is known yet but a ping may still arrive.
   */
  countWorkers: (clientSystemId: string) => number | null
  /** Removes all processes, because the connection was lost. */
  clear: () => void
}

/** The maximum number of processes that are stored, because any role that can connect can send notifications. */
const maxProcesses = 1_000

export type ProcessesOptions = {
  /** The time between two pings of a process. */
  pingIntervalMs: number
  /** Called when the workers that are known have changed. */
  onChange: () => void
}

/** The last ping of a process, and its time on the clock of `performance.now()`. */
type Ping = { clientSystemIds: string[]; atMs: number }

export function createProcesses({ pingIntervalMs, onChange }: ProcessesOptions): Processes {
  const silentAfterMs = 2.5 * pingIntervalMs
  /** After this time every process has sent a ping. */
  const settlingMs = pingIntervalMs + 1_000
  const lastPings = new Map<string, Ping>()
  let beganMs = performance.now()
  let reported = ''

  const isSettled = () => performance.now() - beganMs >= settlingMs
  const reportChange = () => {
    const state = describeWorkers(lastPings, isSettled())
    if (state === reported) return
    reported = state
    onChange()
  }

  return {
    record: (process, clientSystemIds) => {
      const isNew = !lastPings.has(process)
      if (isNew && lastPings.size >= maxProcesses) return false
      lastPings.set(process, { clientSystemIds, atMs: performance.now() })
      reportChange()
      return isNew
    },
    removeSilent: () => {
      for (const [process, { atMs }] of lastPings) {
        if (performance.now() - atMs > silentAfterMs) lastPings.delete(process)
      }
      reportChange()
    },
    countWorkers: (clientSystemId) => {
      const workers = [...lastPings.values()].filter(({ clientSystemIds }) => clientSystemIds.includes(clientSystemId))
      return workers.length === 0 && !isSettled() ? null : workers.length
    },
    clear: () => {
      lastPings.clear()
      reported = ''
      beganMs = performance.now()
    },
  }
}

/** Returns a text that differs where the workers differ. */
function describeWorkers(lastPings: ReadonlyMap<string, Ping>, isSettled: boolean): string {
  const processes = [...lastPings].map(([process, { clientSystemIds }]) => ({ process, clientSystemIds }))
  const workers = processes.filter(({ clientSystemIds }) => clientSystemIds.length > 0)
  return JSON.stringify({ isSettled, workers })
}
