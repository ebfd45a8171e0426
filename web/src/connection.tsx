import { formatClock } from './format.ts'
import { Icon } from './icon.tsx'
import type { Connection } from './state.ts'
import { useTimeStyle } from './times.tsx'

/** Whether what the page shows is what is: *Live* while the event stream is open, *Not live* otherwise. */
export function Badge({ connection, heardAt }: { connection: Connection; heardAt: number | null }) {
  const style = useTimeStyle()
  const live = connection === 'live'
  const heard = heardAt === null ? '' : `; last heard at ${formatClock(heardAt, style === 'utc' ? 'utc' : 'local')}`
  const title = `${live ? 'Changes appear here as they happen' : 'Trying to connect'}${heard}`
  return (
    <span class="badge" data-live={live} title={title}>
      <span class="badge-dot" aria-hidden="true" />
      {live ? 'Live' : 'Not live'}
    </span>
  )
}

/** Says since when the page may be old. Renders nothing while it is not. */
export function ConnectionNotice({ connection, heardAt }: { connection: Connection; heardAt: number | null }) {
  const style = useTimeStyle()
  if (connection !== 'lost' || heardAt === null) return null
  return (
    <p class="notice" data-tone="quiet">
      <Icon name="plug" />
      <span>
        <strong>The connection to the agent is lost.</strong> What you see was last heard at{' '}
        {formatClock(heardAt, style === 'utc' ? 'utc' : 'local')} and may be old. Trying to connect again…
      </span>
    </p>
  )
}
