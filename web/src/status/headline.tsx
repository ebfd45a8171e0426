import type { ComponentChildren } from 'preact'
import {
  type Condition,
  conditionOf,
  conditionWords,
  settledCondition,
  standingFailure,
} from '../../../src/wire/condition.ts'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { Moment, useNow } from '../ui/clock.tsx'
import type { IconName } from '../ui/drawings.ts'
import { formatCount, formatElapsed, formatExact, formatLastKnown, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { useZone } from '../ui/times.tsx'
import { requestedBy, type Tone } from '../ui/words.ts'

const looks: Record<Condition, { icon: IconName; tone: Tone }> = {
  running: { icon: 'running', tone: 'accent' },
  queued: { icon: 'queued', tone: 'accent' },
  waiting: { icon: 'clock', tone: 'attention' },
  'no-worker': { icon: 'plug', tone: 'attention' },
  failed: { icon: 'cross', tone: 'bad' },
  'held-back': { icon: 'hand', tone: 'attention' },
  rejected: { icon: 'warning', tone: 'attention' },
  stale: { icon: 'clock', tone: 'attention' },
  never: { icon: 'empty', tone: 'quiet' },
  kept: { icon: 'hand', tone: 'quiet' },
  'in-sync': { icon: 'check', tone: 'good' },
}

type Props = {
  status: ClientSystemStatus
  nameId: string
  /** The server's time up to which the status is known to be true, in milliseconds; null while it is current. */
  knownUntil: number | null
  /** Whether the active run has lasted so long that it is the headline. */
  isLong: boolean
}

/** The headline: in sync or not, and since when. Each condition has its own words, icon and colour. */
export function Headline({ status, nameId, knownUntil, isLong }: Props) {
  const now = useNow()
  const condition = isLong ? conditionOf(status, knownUntil ?? now) : settledCondition(status)
  const { icon, tone } = knownUntil === null ? looks[condition] : unknownLook
  return (
    <div class="headline" data-tone={tone} data-condition={knownUntil === null ? condition : 'unknown'}>
      <span class="headline-icon">
        <Icon name={icon} />
      </span>
      <div>
        <h2 id={nameId}>{status.name}</h2>
        {knownUntil === null ? (
          <>
            <p class="headline-words">
              <strong>{wordsFor(condition, status, now)}</strong>
              <Since condition={condition} status={status} now={now} />
            </p>
            <p class="headline-detail">
              <Detail condition={condition} status={status} />
            </p>
          </>
        ) : (
          <Unknown condition={condition} knownUntil={knownUntil} now={now} />
        )}
      </div>
    </div>
  )
}

const unknownLook: { icon: IconName; tone: Tone } = { icon: 'plug', tone: 'attention' }

/** The last known condition, and when it was known. */
function Unknown({ condition, knownUntil, now }: { condition: Condition; knownUntil: number; now: number }) {
  const zone = useZone()
  // "Last sync failed at 05:33" would read as the time of the failure.
  const words = condition === 'failed' ? 'Failing' : conditionWords[condition]
  return (
    <>
      <p class="headline-words">
        <span class="headline-unknown">
          <strong>Unknown</strong>, {words.charAt(0).toLowerCase() + words.slice(1)} at{' '}
          <time dateTime={new Date(knownUntil).toISOString()}>{formatLastKnown(knownUntil, now, zone)}</time>
        </span>
      </p>
      <p class="headline-detail">
        The page does not receive the state of the agent. Everything below may have changed since.
      </p>
    </>
  )
}

/** Returns the words of a condition. Several failures in a row read as one. */
function wordsFor(condition: Condition, { failures }: ClientSystemStatus, now: number): string {
  if (condition !== 'failed' || failures === null || failures.count < 2) return conditionWords[condition]
  const failingMs = now - Date.parse(failures.since)
  // Minutes matter only at first.
  return `Failing for ${formatElapsed(failingMs - (failingMs > 3_600_000 ? failingMs % 3_600_000 : 0))}`
}

/** Conditions that are the result of a run. */
const dated = new Set<Condition>(['failed', 'stale', 'held-back', 'rejected', 'kept', 'in-sync'])

/** Conditions of the active run. */
const underWay = new Set<Condition>(['running', 'queued', 'waiting', 'no-worker'])

/** The age of the condition: of the active run, of the last success, or of the failure. */
function Since({ condition, status, now }: { condition: Condition; status: ClientSystemStatus; now: number }) {
  const { failures, activeRun } = status
  if (activeRun !== null && underWay.has(condition))
    return <Age>for {formatElapsed(now - Date.parse(activeRun.startedAt ?? activeRun.queuedAt))}</Age>
  if (condition === 'failed' && failures !== null && failures.count > 1)
    return (
      <Age>
        {plural(failures.count, 'attempt')}, <LastSuccessTime status={status} now={now} />
      </Age>
    )
  const run = condition === 'failed' ? standingFailure(status) : status.lastSuccess
  const shown = dated.has(condition)
  if (!shown || run?.finishedAt == null) return null
  return (
    <Age>
      {condition === 'stale' && 'last success '}
      <Moment iso={run.finishedAt} />
    </Age>
  )
}

/** "last success 02:00": a time of day, because the age of the failures stands beside it. */
function LastSuccessTime({ status, now }: { status: ClientSystemStatus; now: number }) {
  const zone = useZone()
  const at = status.lastSuccess?.finishedAt
  if (at == null) return <>no success yet</>
  return (
    <>
      last success{' '}
      <time dateTime={at} title={formatExact(at)}>
        {formatLastKnown(Date.parse(at), now, zone)}
      </time>
    </>
  )
}

function Age({ children }: { children: ComponentChildren }) {
  return (
    <span class="headline-age">
      <span class="headline-dot" aria-hidden="true">
        ·{' '}
      </span>
      {children}
    </span>
  )
}

/** One line in a wide window, so that no condition takes more room than another. */
function Detail({ condition, status }: { condition: Condition; status: ClientSystemStatus }) {
  const run = status.activeRun
  switch (condition) {
    case 'running':
    case 'queued':
      return run === null ? null : (
        <>
          Requested {requestedBy(run)}
          {status.workers === 0 && '. Its worker has not reported for 10 s'}
          <LastSuccess status={status} />
        </>
      )
    case 'waiting':
      return (
        <>
          No worker has taken this sync. Check that an agent with <code>ROLE=all</code> or <code>ROLE=worker</code> is
          running.
        </>
      )
    case 'no-worker':
      return (
        <>
          The sync waits for a worker. Start an agent with <code>ROLE=all</code> or <code>ROLE=worker</code>
          <LastSuccess status={status} />
        </>
      )
    case 'failed':
      if (status.lastSuccess?.finishedAt == null) return <>No sync of this Client System has succeeded yet.</>
      if ((status.failures?.count ?? 0) > 1) return <>The meters are as they were at the last success.</>
      return (
        <>
          Last success <Moment iso={status.lastSuccess.finishedAt} />. The meters are as they were then.
        </>
      )
    case 'held-back':
    case 'kept':
      return <>Everything else is in sync with the Client System.</>
    case 'rejected': {
      const { read = 0, rejected = 0 } = status.lastSuccess?.counts ?? {}
      return (
        <>
          {formatCount(rejected)} of {plural(read, 'row')} could not be used. Everything else is in sync.
        </>
      )
    }
    case 'stale':
      return <>A successful sync is overdue. The meters may have changed since.</>
    case 'never':
      return <>No meter has been copied yet. Start a sync, or wait for the next one.</>
    case 'in-sync':
      return <>The Sync database holds what the Client System holds.</>
  }
}

function LastSuccess({ status }: { status: ClientSystemStatus }): ComponentChildren {
  const at = status.lastSuccess?.finishedAt
  if (at == null) return '.'
  return (
    <>
      . Last success <Moment iso={at} />.
    </>
  )
}
