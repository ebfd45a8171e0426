import type { ComponentChildren } from 'preact'
import { type Condition, conditionOf, conditionWords } from '../../../src/wire/condition.ts'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { Moment, useNow } from '../ui/clock.tsx'
import type { IconName } from '../ui/drawings.ts'
import { formatCount, formatElapsed, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { startedBy, type Tone } from '../ui/words.ts'

const looks: Record<Condition, { icon: IconName; tone: Tone }> = {
  running: { icon: 'running', tone: 'accent' },
  queued: { icon: 'queued', tone: 'accent' },
  waiting: { icon: 'clock', tone: 'attention' },
  failed: { icon: 'cross', tone: 'bad' },
  'held-back': { icon: 'hand', tone: 'attention' },
  rejected: { icon: 'warning', tone: 'attention' },
  stale: { icon: 'clock', tone: 'attention' },
  never: { icon: 'empty', tone: 'quiet' },
  'in-sync': { icon: 'check', tone: 'good' },
}

/** The answer to a glance: in sync or not, and since when. Each condition has its own words, icon and colour. */
export function Headline({ status, nameId }: { status: ClientSystemStatus; nameId: string }) {
  const now = useNow()
  const condition = conditionOf(status, now)
  const { icon, tone } = looks[condition]
  return (
    <div class="headline" data-tone={tone} data-condition={condition}>
      <span class="headline-icon">
        <Icon name={icon} />
      </span>
      <div>
        <h2 id={nameId}>{status.name}</h2>
        <p class="headline-words">
          <strong>{conditionWords[condition]}</strong>
          <Since condition={condition} status={status} />
        </p>
        <p class="headline-detail">
          <Detail condition={condition} status={status} now={now} />
        </p>
      </div>
    </div>
  )
}

/** Conditions that a run has led to. */
const dated = new Set<Condition>(['failed', 'stale', 'held-back', 'rejected', 'in-sync'])

/** The age that belongs to the condition: of the last success, or of the failure. */
function Since({ condition, status }: { condition: Condition; status: ClientSystemStatus }) {
  const run = condition === 'failed' ? status.lastRun : status.lastSuccess
  const shown = dated.has(condition)
  if (!shown || run?.finishedAt == null) return null
  return (
    <span class="headline-age">
      <span class="headline-dot" aria-hidden="true">
        ·{' '}
      </span>
      {condition === 'stale' && 'last success '}
      <Moment iso={run.finishedAt} />
    </span>
  )
}

function Detail({ condition, status, now }: { condition: Condition; status: ClientSystemStatus; now: number }) {
  const run = status.activeRun
  switch (condition) {
    case 'running':
      return run === null ? null : (
        <>
          Started {startedBy(run)}, running for {formatElapsed(now - Date.parse(run.startedAt ?? run.queuedAt))}
          <LastSuccess status={status} />
        </>
      )
    case 'queued':
      return run === null ? null : (
        <>
          Asked for {startedBy(run)}; a worker takes it in a moment
          <LastSuccess status={status} />
        </>
      )
    case 'waiting':
      return run === null ? null : (
        <>
          No worker has taken this sync for {formatElapsed(now - Date.parse(run.queuedAt))}. Check that an agent with{' '}
          <code>ROLE=all</code> or <code>ROLE=worker</code> is running.
        </>
      )
    case 'failed':
      return status.lastSuccess?.finishedAt == null ? (
        <>No sync of this Client System has succeeded so far.</>
      ) : (
        <>
          The meters are still as they were at the last success, <Moment iso={status.lastSuccess.finishedAt} />.
        </>
      )
    case 'held-back':
      return <>Everything else is in sync with the Client System.</>
    case 'rejected': {
      const { read = 0, rejected = 0 } = status.lastSuccess?.counts ?? {}
      const because = status.lastSuccess?.rejectedBecause ?? null
      return (
        <>
          {formatCount(rejected)} of {plural(read, 'row')} could not be used
          {because === null ? '' : `, most often because ${because.reason}`}. Everything else is in sync with the Client
          System.
        </>
      )
    }
    case 'stale':
      return <>No sync has succeeded for longer than the schedule allows. The meters may have changed since.</>
    case 'never':
      return <>The Sync database has not been filled from this Client System. Start a sync, or wait for the next one.</>
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
