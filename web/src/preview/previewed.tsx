import { rejectionWords, withheldWords } from '../../../src/wire/reason-words.ts'
import type { Counts, Preview, PreviewedChange, RejectedBecause, Withheld } from '../../../src/wire/types.ts'
import { ChangedMeter, MeterFacts } from '../ui/changed-meter.tsx'
import { Differences, Values } from '../ui/differences.tsx'
import { Figure, restoredNote } from '../ui/figure.tsx'
import { plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Operation } from '../ui/operation.tsx'
import { changesOf, comparedOf, heldOf, listedOf } from './preview-words.ts'

/**
 * Shows what a preview found: the counts of such a run, whether deletions would be held back, and the first changes. Renders
 * nothing when nothing would change.
 */
export function Previewed({ preview }: { preview: Preview }) {
  const { counts, changes, withheldBecause, rejectedBecause } = preview
  if (changesOf(counts) === 0 && counts.withheld === 0 && rejectedBecause === null) return null
  return (
    <>
      {withheldBecause !== null && <WouldWithhold counts={counts} because={withheldBecause} />}
      {rejectedBecause !== null && <WouldReject counts={counts} because={rejectedBecause} />}
      <section class="card" aria-label="What a sync would count">
        <dl class="figure-list">
          <Figure name="To insert" count={counts.inserted} icon="plus" tone="good" />
          <Figure name="To update" count={counts.updated} icon="pencil" tone="accent" note={restoredNote(counts)} />
          <Figure name="To delete" count={counts.deleted} icon="minus" tone="bad" />
          {counts.withheld > 0 && <Figure name="To hold back" count={counts.withheld} icon="hand" tone="attention" />}
        </dl>
        <p class="card-foot">{comparedOf(counts)}</p>
      </section>
      {changes.length > 0 && (
        <section class="card changes" aria-label="Changes">
          <div class="changes-head">
            <h3>Changes</h3>
            <span class="quiet">{listedOf(preview)}</span>
          </div>
          <ul class="change-list">
            {changes.map((change) => (
              <PreviewedItem key={`${change.externalId} ${change.operation}`} change={change} />
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function WouldWithhold({ counts, because }: { counts: Counts; because: Withheld }) {
  const { withheld } = counts
  return (
    <div class="notice" data-tone="attention">
      <Icon name="hand" />
      <div>
        <p class="notice-title">{heldOf(counts)}</p>
        <p>
          This looks like an accident because {withheldWords(because)}. {withheld === 1 ? 'The meter' : 'These meters'}{' '}
          would stay active until you approve the {withheld === 1 ? 'deletion' : 'deletions'}; everything else would be
          applied.
        </p>
      </div>
    </div>
  )
}

function WouldReject({ counts, because }: { counts: Counts; because: RejectedBecause }) {
  return (
    <div class="notice" data-tone="attention">
      <Icon name="warning" />
      <div>
        <p class="notice-title">
          {plural(counts.rejected, 'row')} of {plural(counts.read, 'row')} would be rejected
        </p>
        <p>
          Most often: {rejectionWords(because.reason)}
          {because.example !== null && <> (for example {because.example})</>}. Correct the rows in the Client System, or
          leave them out with <code>CLIENT_SYSTEM_QUERY</code>.
        </p>
      </div>
    </div>
  )
}

function PreviewedItem({ change }: { change: PreviewedChange }) {
  return (
    <li>
      <Operation operation={change.operation} mood="would" />
      <ChangedMeter change={change} />
      {change.after === null ? (
        <MeterFacts meter={change.meter} />
      ) : change.before === null ? (
        <Values meter={change.after} />
      ) : (
        <Differences change={change} />
      )}
    </li>
  )
}
