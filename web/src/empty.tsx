import { Icon } from './icon.tsx'
import type { Connection } from './state.ts'

/** Before the first status: what the page is waiting for. */
export function FirstContact({ connection }: { connection: Connection }) {
  return (
    <div class="card empty" aria-busy={connection === 'connecting'}>
      <Icon name="plug" />
      {connection === 'connecting' ? (
        <p>Connecting to the agent…</p>
      ) : (
        <>
          <h2>The agent does not answer</h2>
          <p>Check that it is running and that this computer reaches it. This page keeps trying.</p>
        </>
      )}
    </div>
  )
}

/** No Client System is configured: what one is, and how the agent gets to know it. */
export function EmptyPage() {
  return (
    <div class="card empty">
      <Icon name="plug" />
      <h2>No Client System is configured</h2>
      <p>
        A Client System is the database that is the master of your meters. Tell the agent where it is, start it again,
        and its meters are mirrored to the Sync database every hour.
      </p>
      <dl class="settings">
        <dt>
          <code>CLIENT_SYSTEM_URL</code>
        </dt>
        <dd>the Client System to read from; the right to SELECT is enough</dd>
        <dt>
          <code>DATABASE_URL</code>
        </dt>
        <dd>the Sync database to keep in step with it</dd>
      </dl>
    </div>
  )
}
