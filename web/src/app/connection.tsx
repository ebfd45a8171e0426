import type { Connection, State } from '../data/state.ts'
import { formatClock, sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { useTimeStyle } from '../ui/times.tsx'

const means: Record<Connection, string> = {
  live: 'Changes appear here as they happen',
  polled: 'The agent is asked every 5 seconds',
  connecting: 'Trying to connect',
  lost: 'Trying to connect',
}

type Props = Pick<State, 'connection' | 'heardAt' | 'refused' | 'clockOffset'>

/** Whether what the page shows is what is: *Live* while the event stream is open, *Not live* otherwise. */
export function Badge({ connection, heardAt, clockOffset }: Omit<Props, 'refused'>) {
  const heardClock = useHeardClock(heardAt, clockOffset)
  const live = connection === 'live'
  const heard = heardClock === null ? '' : `; last update at ${heardClock}`
  return (
    <span class="badge" data-live={live} title={`${means[connection]}${heard}`}>
      <span class="badge-dot" aria-hidden="true" />
      {live ? 'Live' : 'Not live'}
    </span>
  )
}

/** Says why the page is not live and since when it may be old. Renders nothing while it is. */
export function ConnectionNotice({ connection, heardAt, refused, clockOffset }: Props) {
  const heard = useHeardClock(heardAt, clockOffset)
  if (heard === null || connection === 'live' || connection === 'connecting') return null
  return (
    <div class="notice connection" data-tone="quiet">
      <Icon name="plug" />
      {connection === 'polled' ? (
        <p>
          <strong>Changes do not appear here by themselves.</strong> The agent answers, but its event stream does not
          get through: a proxy on the way may hold it back. The agent is asked every 5 seconds instead, last at {heard}.
        </p>
      ) : (
        <p>
          <strong>{sentences(refused?.message ?? 'The connection to the agent is lost')}</strong>{' '}
          {sentences(refused?.hint)} Last update at {heard}; what you see may be old. Trying to connect again…
        </p>
      )}
    </div>
  )
}

/** By the agent's clock, as all other times of the page. */
function useHeardClock(heardAt: number | null, clockOffset: number): string | null {
  const style = useTimeStyle()
  return heardAt === null ? null : formatClock(heardAt + clockOffset, style === 'utc' ? 'utc' : 'local')
}
