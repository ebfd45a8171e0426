import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { meterAddress, noMeterFilter } from '../routing/route.ts'
import { formatCount } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

type Props = {
  meters: ClientSystemStatus['meters']
  /** Null when it is the only Client System. */
  clientSystemId: string | null
  nameSuffix: string
}

/** How many meters the Sync database holds of this Client System. */
export function Meters({ meters, clientSystemId, nameSuffix }: Props) {
  const { total, active, inactive } = meters
  return (
    <section class="card" aria-label={`Meters${nameSuffix}`}>
      <h3>Meters</h3>
      <dl class="meter-list">
        <div class="meter-total">
          <dt>In the Sync database</dt>
          <dd>
            <data value={total}>{formatCount(total)}</data>
          </dd>
        </div>
        <div>
          <dt>
            <span class="key" data-key="active" aria-hidden="true" />
            Active
          </dt>
          <dd>
            <data value={active}>{formatCount(active)}</data>
          </dd>
        </div>
        <div>
          <dt>
            <span class="key" data-key="inactive" aria-hidden="true" />
            Inactive
          </dt>
          <dd>
            <data value={inactive}>{formatCount(inactive)}</data>
          </dd>
        </div>
      </dl>
      {total > 0 && (
        <svg class="share" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
          <rect class="share-rest" width="100" height="2" />
          <rect class="share-active" width={(active / total) * 100} height="2" />
        </svg>
      )}
      <p class="card-foot">
        <span class="meters-note">
          {total === 0
            ? 'No meters yet. The first sync inserts them.'
            : 'Inactive meters were deleted or switched off in the Client System. Their readings stay.'}
        </span>
        {total > 0 && (
          <a href={meterAddress(null, { ...noMeterFilter, clientSystemId })}>
            See the meters
            <Icon name="arrow" />
          </a>
        )}
      </p>
    </section>
  )
}
