import { rejectionWords } from '../../../src/wire/reason-words.ts'
import type { Run } from '../../../src/wire/types.ts'
import { addressOf } from '../routing/route.ts'
import { Moment } from '../ui/clock.tsx'
import { plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { requestedBy } from '../ui/words.ts'
import { Notice } from './notice.tsx'

/** Rows that this run rejected. Renders nothing when there are none. */
export function RejectedRows({ run }: { run: Run }) {
  const rejected = run.counts?.rejected ?? 0
  if (rejected === 0) return null
  const because = run.rejectedBecause
  return (
    <Notice
      icon="warning"
      tone="attention"
      title={`${plural(rejected, 'row')} of the Client System ${rejected === 1 ? 'was' : 'were'} rejected`}
    >
      <p>
        {because !== null && (
          <>
            Most often: {rejectionWords(because.reason)}
            {because.example !== null && <> (for example {because.example})</>}.{' '}
          </>
        )}
        {rejected === 1 ? 'It' : 'They'} could not be used as {rejected === 1 ? 'a meter' : 'meters'}. Meters that are
        stored already stay as they are. Correct the rows in the Client System, and the next sync applies them.
      </p>
      <p class="notice-foot">
        <a href={addressOf(run.id, 'rejected')}>
          See the rejected rows
          <Icon name="arrow" />
        </a>
      </p>
    </Notice>
  )
}

/** No worker is running, so no sync can run. */
export function NoWorker() {
  return (
    <Notice icon="plug" tone="attention" title="No worker is running">
      <p>
        No sync can run, not even a scheduled one. Start an agent with <code>ROLE=all</code> or <code>ROLE=worker</code>
        .
      </p>
    </Notice>
  )
}

/** The connection to the Client System is not verified by TLS. */
export function Insecure({ name }: { name: string }) {
  return (
    <Notice icon="warning" tone="attention" title={`The connection to ${name} is not secure`}>
      <p>
        It is allowed by <code>CLIENT_SYSTEM_INSECURE</code>: others on the network could read or change what is synced.
        Use TLS that is verified (<code>sslmode=verify-full</code>) and remove the variable.
      </p>
    </Notice>
  )
}

/** Every meter is stored twice, probably because the id of the Client System was changed. */
export function SameMeters({ id, as }: { id: string; as: string }) {
  return (
    <Notice icon="warning" tone="attention" title={`The Client System ${as} has the same meters`}>
      <p>
        If <code>CLIENT_SYSTEM_ID</code> was changed from <code>{as}</code> to <code>{id}</code>, every meter is stored
        twice, and the readings so far belong to the meters of <code>{as}</code>. Set it back to <code>{as}</code>.
      </p>
    </Notice>
  )
}

/** The last run was cancelled. The meters are as they were before it. */
export function Cancelled({ run }: { run: Run }) {
  const at = run.finishedAt ?? run.queuedAt
  return (
    <Notice icon="stop" tone="quiet" title="Cancelled · nothing was changed">
      <p class="notice-foot">
        <span>
          The sync requested {requestedBy(run)} was cancelled <Moment iso={at} />
        </span>
        <a href={addressOf(run.id)}>
          See the cancelled run
          <Icon name="arrow" />
        </a>
      </p>
    </Notice>
  )
}
