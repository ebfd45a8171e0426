import { useEffect, useState } from 'preact/hooks'
import type { Meter } from '../../../src/wire/types.ts'
import { readMeter } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { type MeterFilter, meterAddress } from '../routing/route.ts'
import { sentences } from '../ui/format.ts'
import { MeterDetails } from './meter-details.tsx'
import { MeterStateWord } from './meter-row.tsx'

/** A meter that the address names and the list does not hold: read by itself, shown above the list. */
export function LinkedMeter({ meterId, filter }: { meterId: string; filter: MeterFilter }) {
  const [meter, setMeter] = useState<Meter | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  useEffect(() => {
    readMeter(meterId).then(setMeter, (reason) => setError(toApiError(reason)))
  }, [meterId])
  return (
    <section class="card linked-run" aria-label="Linked meter" aria-busy={meter === null && error === null}>
      <div class="linked-run-head">
        <h2>{meter === null ? 'Meter' : meter.name}</h2>
        {meter !== null && <span class="external-id">{meter.externalId}</span>}
        {meter !== null && <MeterStateWord meter={meter} />}
        <a href={meterAddress(null, filter)}>Close</a>
      </div>
      {meter !== null && <MeterDetails meter={meter} heading="h3" />}
      {error !== null && (
        <p class="teaching">
          {error.status === 404 ? 'There is no such meter in the Sync database.' : sentences(error.message, error.hint)}
        </p>
      )}
    </section>
  )
}
