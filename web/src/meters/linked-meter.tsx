import { readMeter } from '../data/api.ts'
import { type MeterFilter, meterAddress } from '../routing/route.ts'
import { sentences } from '../ui/format.ts'
import { LoadFailure } from '../ui/load-failure.tsx'
import { useAnswer } from '../ui/use-answer.ts'
import { MeterDetails } from './meter-details.tsx'
import { MeterStateWord } from './meter-row.tsx'

/** A meter that the address names and the list does not hold: read by itself, shown above the list. */
export function LinkedMeter({ meterId, filter }: { meterId: string; filter: MeterFilter }) {
  const { answer: meter, error, retry } = useAnswer(() => readMeter(meterId))
  return (
    <section class="card linked-run" aria-label="Linked meter" aria-busy={meter === null && error === null}>
      <div class="linked-run-head">
        <h2>{meter === null ? 'Meter' : meter.name}</h2>
        {meter !== null && <span class="external-id">{meter.externalId}</span>}
        {meter !== null && <MeterStateWord meter={meter} />}
        <a href={meterAddress(null, filter)}>Close</a>
      </div>
      {meter !== null && <MeterDetails meter={meter} heading="h3" />}
      {error?.status === 404 && <p class="teaching">There is no such meter in the Sync database.</p>}
      {error !== null && error.status !== 404 && (
        <LoadFailure retry={retry}>The meter could not be loaded. {sentences(error.message, error.hint)}</LoadFailure>
      )}
    </section>
  )
}
