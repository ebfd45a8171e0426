/** The processes of the agent whose pings arrive from this Sync database, and the Client Systems that each works for. */
export type Processes = {
  /** Records a ping of a process. Returns true when the process was unknown. */
  record: (process: string, clientSystemIds: string[]) => boolean
  /** Removes the processes whose pings no longer arrive. To be called at every ping. */
  removeSilent: () => void
  /** Returns how many processes work for a Client System; null when none is known yet but a ping may still arrive. */
  countWorkers: (clientSystemId: string) => number | null
  /** Removes all processes, because the connection was lost. */
  clear: () => void
}

/** The maximum number of processes that are stored, because any role that can connect can send notifications. */
const maxProcesses = 1_000

/** `pingIntervalMs` is the time between two pings of a process. `onChange` is called when the known workers change. */
export function createProcesses({
  pingIntervalMs,
  onChange,
}: {
  pingIntervalMs: number
  onChange: () => void
}): Processes {
  const silentAfterMs = 2.5 * pingIntervalMs
  /** After this time every process has sent a ping. */
  const settlingMs = pingIntervalMs + 1_000
  const known = new Map<string, { clientSystemIds: string[]; at: number }>()
  let since = performance.now()
  let lastState = ''
  const isSettled = () => performance.now() - since >= settlingMs
  const reportChange = () => {
    const workers = [...known].filter(([, { clientSystemIds }]) => clientSystemIds.length > 0)
    const state = JSON.stringify([
      isSettled(),
      workers.map(([process, { clientSystemIds }]) => [process, clientSystemIds]),
    ])
    if (state === lastState) return
    lastState = state
    onChange()
  }
  return {
    record: (process, clientSystemIds) => {
      const isNew = !known.has(process)
      if (isNew && known.size >= maxProcesses) return false
      known.set(process, { clientSystemIds, at: performance.now() })
      reportChange()
      return isNew
    },
    removeSilent: () => {
      for (const [process, { at }] of known) if (performance.now() - at > silentAfterMs) known.delete(process)
      reportChange()
    },
    countWorkers: (clientSystemId) => {
      const count = [...known.values()].filter((process) => process.clientSystemIds.includes(clientSystemId)).length
      return count === 0 && !isSettled() ? null : count
    },
    clear: () => {
      known.clear()
      lastState = ''
      since = performance.now()
    },
  }
}
