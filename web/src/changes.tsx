import type { Change, ChangeOperation, Counts } from '../../src/events.ts'
import { readChanges } from './api.ts'
import { differencesOf } from './difference.ts'
import { formatCount } from './format.ts'
import { Icon } from './icon.tsx'
import { PagedList } from './paged-list.tsx'
import { usePages } from './pages.ts'
import { addressOf } from './route.ts'
import type { Heading } from './run-details.tsx'
import { operationWords } from './words.ts'

type Props = { runId: string; counts: Counts; operation: ChangeOperation | null; heading: Heading }

/** The changes of a run that succeeded, all or those of one operation. */
export function RunChanges({ runId, counts, operation, heading: Heading }: Props) {
  const kinds = kindsOf(counts)
  return (
    <section class="changes" aria-label="Changes">
      <div class="changes-head">
        <Heading>Changes</Heading>
        {kinds.length > 1 && (
          <nav aria-label="Operation" class="filters">
            <a href={addressOf(runId)} aria-current={operation === null ? 'true' : undefined}>
              All
            </a>
            {kinds.map(({ kind, count }) => (
              <a key={kind} href={addressOf(runId, kind)} aria-current={operation === kind ? 'true' : undefined}>
                {operationWords[kind].word} <span class="quiet">{formatCount(count)}</span>
              </a>
            ))}
          </nav>
        )}
      </div>
      {kinds.length === 0 ? (
        <p class="teaching">No change in this run: every meter was already in step.</p>
      ) : (
        <ChangeList key={operation ?? 'all'} runId={runId} operation={operation} />
      )}
    </section>
  )
}

/** The operations that happened in a run. Restored meters are counted within updated, and listed as their own. */
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
  const { word, icon, tone } = operationWords[change.operation]
  const differences = differencesOf(change.before, change.after)
  return (
    <li>
      <span class="outcome" data-tone={tone}>
        <Icon name={icon} />
        {word}
      </span>
      <span class="external-id">{change.externalId}</span>
      {differences.length > 0 && (
        <ul class="differences">
          {differences.map(({ column, before, after }) => (
            <li key={column}>
              <span class="column">{column}</span>
              <Value text={before} old />
              <Icon name="arrow" />
              <span class="unseen">became</span>
              <Value text={after} />
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function Value({ text, old = false }: { text: string | null; old?: boolean }) {
  if (text === null || text === '') return <span class="value-none">{text === null ? 'nothing' : 'empty text'}</span>
  return old ? <del>{text}</del> : <ins>{text}</ins>
}
