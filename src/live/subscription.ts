import type { Run, Status, Unavailable } from '../wire/types.ts'
import type { LiveEvent } from './broadcast.ts'

/**
 * The revision protocol. It gives every subscriber each change of a run, also across reconnects and over several processes.
 *
 * Every change of a run takes the next revision, and revisions are committed in their order (`nextRevision`). A subscriber
 * receives, in this order:
 *
 * 1. `status`: the state at revision R. Events that are broadcast while the state is read are held back.
 * 2. When it has been connected before, it names the last revision that it received, S. Then the runs that changed after S
 *    and up to R follow, each in its latest state.
 * 3. The events that were held back, and every later one. Runs up to R are left out, because the state has them, and so is
 *    a `status` that is older than one already sent.
 *
 * Each event but `progress` and `unavailable` has a revision up to which the subscriber has received every run: that of a
 * `run` itself, and `runsSentTo` of a `status`. The subscriber stores the last one and names it when it reconnects. In the
 * first `status` this is S until the missed runs are sent, so that a connection that breaks in between loses none of them.
 */
export type Subscription = {
  /** The events of steps 1 and 2, to be sent first. */
  initial: LiveEvent[]
  /** Delivers the events of step 3. To be called after `initial` was sent. */
  start: (deliver: (event: LiveEvent) => void) => void
  close: () => void
}

/** The state for a new subscriber: the status at `revision`, and the runs that it missed up to there. */
export type CaughtUp = { status: Status; revision: number; runs: Run[]; unavailable: Unavailable | null }

export type SubscriptionOptions = {
  /** The last revision that the subscriber received; null when it is new. */
  since: number | null
  subscribe: (subscriber: (event: LiveEvent) => void) => () => void
  catchUp: (since: number | null) => Promise<CaughtUp>
  /** Called when more events than `maxHeldBack` are held back. The subscription is closed. */
  onOverflow: () => void
}

/** A subscriber that does not take its initial events must not fill the memory with later ones. */
const maxHeldBack = 500

/** Opens a subscription. Throws when the state cannot be read. */
export async function openSubscription({
  since,
  subscribe,
  catchUp,
  onOverflow,
}: SubscriptionOptions): Promise<Subscription> {
  const heldBack: LiveEvent[] = []
  let receive = (event: LiveEvent) => {
    if (heldBack.push(event) <= maxHeldBack) return
    close()
    onOverflow()
  }
  const close = subscribe((event) => receive(event))
  const state = await catchUp(since).catch((error) => {
    close()
    throw error
  })
  const select = createSelection(state.revision)
  return {
    initial: initialEvents(since, state),
    close,
    start: (deliver) => {
      receive = (event) => {
        const selected = select(event)
        if (selected) deliver(selected)
      }
      for (const event of heldBack.splice(0)) receive(event)
    },
  }
}

function initialEvents(since: number | null, { status, revision, runs, unavailable }: CaughtUp): LiveEvent[] {
  const runsSentTo = since !== null && runs.length > 0 ? since : revision
  return [
    { type: 'status', status, revision, runsSentTo },
    ...runs.map((run): LiveEvent => ({ type: 'run', run })),
    ...(unavailable ? [{ type: 'unavailable' as const, unavailable }] : []),
  ]
}

/** Returns a function that selects what a subscriber with the state at `revision` receives; null for what it has already. */
function createSelection(revision: number): (event: LiveEvent) => LiveEvent | null {
  let statusRevision = revision
  return (event) => {
    if (event.type === 'run') return event.run.revision > revision ? event : null
    if (event.type !== 'status') return event
    // One of the same revision is sent again after a reconnect to the Sync database.
    if (event.revision < statusRevision) return null
    statusRevision = event.revision
    // This subscriber may have received more runs with its state than the broadcast has sent.
    return event.runsSentTo < revision ? { ...event, runsSentTo: revision } : event
  }
}
