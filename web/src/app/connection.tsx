import type { Connection, State } from '../data/state.ts'
import { formatClock, sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { useTimeStyle } from '../ui/times.tsx'

/** What each state of the connection means, for the tooltip of the badge. */
const connectionWords: Record<Connection, string> = {
  live: 'Changes appear here as they happen',
  polled: 'The page requests the status every 5 seconds',
  connecting: 'Trying to connect',
  lost: 'Trying to connect',
}

type Props = Pick<State, 'connection' | 'lastUpdateAt' | 'refused' | 'clockOffset'>

/** Shows whether the page is current: *Live* while the event stream is open, *Not live* otherwise. */
export function Badge({ connection, lastUpdateAt, clockOffset }: Omit<Props, 'refused'>) {
  const lastUpdate = useLastUpdate(lastUpdateAt, clockOffset)
  const live = connection === 'live'
  const updated = lastUpdate === null ? '' : `; last update at ${lastUpdate}`
  return (
    <span class="badge" data-live={live} title={`${connectionWords[connection]}${updated}`}>
      <span class="badge-dot" aria-hidden="true" />
      {live ? 'Live' : 'Not live'}
    </span>
  )
}

/** Shows why the page is not live, and since when it may be outdated. Renders nothing while the page is live. */
export function ConnectionNotice({ connection, lastUpdateAt, refused, clockOffset }: Props) {
  const lastUpdate = useLastUpdate(lastUpdateAt, clockOffset)
  if (lastUpdate === null || connection === 'live' || connection === 'connecting') return null
  return (
    <div class="notice connection" data-tone="quiet">
      <Icon name="plug" />
      {connection === 'polled' ? (
        <p>
          <strong>Changes do not appear here by themselves.</strong> The agent answers, but its event stream does not
          arrive. A proxy may buffer it. The page requests the status every 5 seconds instead, last at {lastUpdate}.
        </p>
      ) : (
        <p>
          <strong>{sentences(refused?.message ?? 'The connection to the agent is lost')}</strong>{' '}
          {sentences(refused?.hint)} Last update at {lastUpdate}; the page may be outdated. Trying to connect again…
        </p>
      )}
    </div>
  )
}

/** Returns the time of the last update by the agent's clock, as all times of the page; null when there was none. */
function useLastUpdate(lastUpdateAt: number | null, clockOffset: number): string | null {
  const style = useTimeStyle()
  return lastUpdateAt === null ? null : formatClock(lastUpdateAt + clockOffset, style === 'utc' ? 'utc' : 'local')
}
