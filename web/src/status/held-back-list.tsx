import { readChanges } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { ChangedMeter, MeterFacts } from '../ui/changed-meter.tsx'
import { PagedList } from '../ui/paged-list.tsx'

/** The meters whose deletion this run held back. */
export function HeldBackList({ runId }: { runId: string }) {
  const pages = usePages((after) => readChanges(runId, 'withheld', after))
  return (
    <section class="held-back-list" aria-label="Meters held back">
      <PagedList pages={pages} empty="The list of these meters is no longer kept.">
        {(changes) => (
          <ul>
            {changes.map((change) => (
              <li key={change.externalId}>
                <ChangedMeter change={change} />
                <MeterFacts meter={change.meter} />
              </li>
            ))}
          </ul>
        )}
      </PagedList>
    </section>
  )
}
