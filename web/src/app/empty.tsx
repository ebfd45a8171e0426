import type { Refused } from '../data/state.ts'
import { sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

const noAnswer: Refused = {
  message: 'The agent does not answer',
  hint: 'Check that it is running and that this computer reaches it',
}

/** Shown before the first status: that the page is connecting, or why it cannot. */
export function NoStatusYet({ lost, refused }: { lost: boolean; refused: Refused | null }) {
  const { message, hint } = refused ?? noAnswer
  return (
    <div class="card empty" aria-busy={!lost}>
      <Icon name="plug" />
      {lost ? (
        <>
          <h2>{message}</h2>
          <p>{sentences(hint, 'This page keeps trying')}</p>
        </>
      ) : (
        <p>Connecting to the agent…</p>
      )}
    </div>
  )
}

/** Shown when no Client System is configured: what one is, and how to set it. */
export function EmptyPage() {
  return (
    <div class="card empty">
      <Icon name="plug" />
      <h2>No Client System is configured</h2>
      <p>
        A Client System is the database that is the master of your meters. Set its address and restart the agent: its
        meters are then mirrored to the Sync database every hour.
      </p>
      <dl class="settings">
        <dt>
          <code>CLIENT_SYSTEM_URL</code>
        </dt>
        <dd>the Client System to read from; the right to SELECT is enough</dd>
        <dt>
          <code>DATABASE_URL</code>
        </dt>
        <dd>the Sync database to keep in sync with it</dd>
      </dl>
    </div>
  )
}
