/** The agent's processes that have been heard from on this Sync database, and whose runs each of them works on. */
export type Processes = {
  /** A process said which Client Systems it works for. Returns whether it was unknown. */
  heard: (process: string, clientSystemIds: string[]) => boolean
  /** Drops the processes that have fallen silent. To be called at every ping. */
  check: () => void
  /** How many work for a Client System; null where there seems to be none and another one may still be heard from. */
  workers: (clientSystemId: string) => number | null
  /** Forgets all of them: the connection was lost. */
  forget: () => void
}

/** Any role that may connect can send notifications: no more processes than these are remembered. */
const maxProcesses = 1_000

/** `pingInterval`: how often each process is heard from, in milliseconds. `onChange`: a worker came, went or fell silent. */
export function createProcesses({ pingInterval, onChange }: { pingInterval: number; onChange: () => void }): Processes {
  const silentAfterMs = 2.5 * pingInterval
  const graceMs = pingInterval + 1_000
  const known = new Map<string, { clientSystemIds: string[]; at: number }>()
  let since = performance.now()
  let told = ''
  const isSettled = () => performance.now() - since >= graceMs
  const tellChange = () => {
    const workers = [...known].filter(([, { clientSystemIds }]) => clientSystemIds.length > 0)
    const now = JSON.stringify([
      isSettled(),
      workers.map(([process, { clientSystemIds }]) => [process, clientSystemIds]),
    ])
    if (now === told) return
    told = now
    onChange()
  }
  return {
    heard: (process, clientSystemIds) => {
      const isNew = !known.has(process)
      if (isNew && known.size >= maxProcesses) return false
      known.set(process, { clientSystemIds, at: performance.now() })
      tellChange()
      return isNew
    },
    check: () => {
      for (const [process, { at }] of known) if (performance.now() - at > silentAfterMs) known.delete(process)
      tellChange()
    },
    workers: (clientSystemId) => {
      const count = [...known.values()].filter((process) => process.clientSystemIds.includes(clientSystemId)).length
      return count === 0 && !isSettled() ? null : count
    },
    forget: () => {
      known.clear()
      told = ''
      since = performance.now()
    },
  }
}
