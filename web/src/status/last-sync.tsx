import type { Counts, Run } from '../../../src/wire/types.ts'
import { addressOf } from '../routing/route.ts'
import { Moment, useNow } from '../ui/clock.tsx'
import { Figure, restoredNote } from '../ui/figure.tsx'
import { formatCount, formatDuration, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ProofMark } from '../ui/proof.tsx'
import { formatMoment, formatStamp } from '../ui/time-style.ts'
import { useTimeStyle } from '../ui/times.tsx'

type Props = {
  run: Run | null
  nameSuffix: string
  /** Whether notices above need the room. */
  compact: boolean
}

/** The last success with its counts, also after a later failure. */
export function LastSync({ run, nameSuffix, compact }: Props) {
  return (
    <section class="card" aria-label={`Last sync${nameSuffix}`}>
      <h3>Last sync</h3>
      {run === null || run.finishedAt === null ? (
        <div class="empty">
          <p class="empty-words">Never synced</p>
          <p>The first successful sync is shown here, with its time and what it inserted, updated and deleted.</p>
        </div>
      ) : (
        <>
          <p class="last-sync-time">
            <Moment iso={run.finishedAt} length="full" />
            <span class="quiet">
              <Other iso={run.finishedAt} />
              {run.startedAt !== null && ` · took ${durationOf(run.startedAt, run.finishedAt)}`}
            </span>
          </p>
          {run.counts !== null && <Figures counts={run.counts} run={run} compact={compact} />}
          <p class="card-foot">
            <span>
              {run.counts !== null && !isQuiet(run.counts) && sentenceOf(run.counts, run)} <ProofMark run={run} />
            </span>
            <a href={addressOf(run.id)}>
              See this run
              <Icon name="arrow" />
            </a>
          </p>
        </>
      )}
    </section>
  )
}

/** Returns whether nothing changed: then one line replaces three large zeros. */
function isQuiet({ inserted, updated, deleted }: Counts): boolean {
  return inserted + updated + deleted === 0
}

function Figures({ counts, run, compact }: { counts: Counts; run: Run; compact: boolean }) {
  const quiet = isQuiet(counts)
  if (compact) return <FigureList counts={counts} quiet />
  return (
    <div class="last-sync-figures">
      {quiet && (
        <p class="no-changes">
          <strong>No changes.</strong> {sentenceOf(counts, run)}
        </p>
      )}
      <FigureList counts={counts} quiet={quiet} />
    </div>
  )
}

function FigureList({ counts, quiet }: { counts: Counts; quiet: boolean }) {
  return (
    <dl key={`${quiet}`} class="figure-list" data-quiet={quiet}>
      <Figure name="Inserted" count={counts.inserted} icon="plus" tone="good" />
      <Figure name="Updated" count={counts.updated} icon="pencil" tone="accent" note={restoredNote(counts)} />
      <Figure name="Deleted" count={counts.deleted} icon="minus" tone="bad" />
    </dl>
  )
}

function sentenceOf(counts: Counts, run: Run): string {
  const compared = `${plural(counts.read, 'row')} ${run.readMode === 'narrow' ? 'compared' : 'read'}`
  const equal = counts.unchanged === counts.read ? 'all equal' : `${formatCount(counts.unchanged)} unchanged`
  return `${compared}, ${equal}.`
}

function durationOf(from: string, to: string): string {
  return formatDuration(Date.parse(to) - Date.parse(from))
}

/** The age beside a date, the date beside an age. */
function Other({ iso }: { iso: string }) {
  const now = useNow()
  const style = useTimeStyle()
  return <>{style === 'relative' ? formatStamp(iso, 'local', 'full') : formatMoment(iso, 'relative', now, 'full')}</>
}
