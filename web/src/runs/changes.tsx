import { useContext } from 'preact/hooks'
import type { Change, ChangeOperation, Counts } from '../../../src/wire/types.ts'
import { readChanges } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { addressOf } from '../routing/route.ts'
import { ChangedMeter, MeterFacts } from '../ui/changed-meter.tsx'
import { Differences } from '../ui/differences.tsx'
import { formatCount } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'
import { Operation } from '../ui/operation.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { operationWords } from '../ui/words.ts'
import { HistoryFilter } from './history-filter.tsx'

type Props = { runId: string; counts: Counts; operation: ChangeOperation | null; heading: Heading }

/** The changes of a run that succeeded, all or those of one operation. */
export function RunChanges({ runId, counts, operation, heading: Heading }: Props) {
  const kinds = kindsOf(counts)
  const filter = useContext(HistoryFilter)
  return (
    <section class="changes" aria-label="Changes">
      <div class="changes-head">
        <Heading>Changes</Heading>
        {kinds.length > 1 && (
          <nav aria-label="Operation" class="filters">
            <a href={addressOf(runId, null, filter)} aria-current={operation === null ? 'true' : undefined}>
              All
            </a>
            {kinds.map(({ kind, count }) => (
              <a
                key={kind}
                href={addressOf(runId, kind, filter)}
                aria-current={operation === kind ? 'true' : undefined}
              >
                {operationWords[kind].word} <span class="quiet">{formatCount(count)}</span>
              </a>
            ))}
          </nav>
        )}
      </div>
      {kinds.length === 0 ? (
        <p class="teaching">No change in this run: every meter was already in sync.</p>
      ) : (
        <ChangeList key={operation ?? 'all'} runId={runId} operation={operation} />
      )}
    </section>
  )
}

/** Returns the operations of a run. Restored meters are counted within updated, and listed apart. */
function kindsOf(counts: Counts): { kind: ChangeOperation; count: number }[] {
  const all: { kind: ChangeOperation; count: number }[] = [
    { kind: 'insert', count: counts.inserted },
    { kind: 'update', count: counts.updated - counts.restored },
    { kind: 'restore', count: counts.restored },
    { kind: 'delete', count: counts.deleted },
    { kind: 'withheld', count: counts.withheld },
  ]
  return all.filter(({ count }) => count > 0)
}

function ChangeList({ runId, operation }: { runId: string; operation: ChangeOperation | null }) {
  const pages = usePages((after) => readChanges(runId, operation, after))
  return (
    <PagedList pages={pages} empty="These changes are no longer kept.">
      {(changes) => (
        <ul class="change-list">
          {changes.map((change) => (
            <ChangeItem key={`${change.externalId} ${change.operation}`} change={change} />
          ))}
        </ul>
      )}
    </PagedList>
  )
}

function ChangeItem({ change }: { change: Change }) {
  return (
    <li>
      <Operation operation={change.operation} />
      <ChangedMeter change={change} />
      {change.after === null ? <MeterFacts meter={change.meter} /> : <Differences change={change} />}
    </li>
  )
}
