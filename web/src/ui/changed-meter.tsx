import type { ChangedMeter as Meter, PreviewedChange } from '../../../src/wire/types.ts'
import { meterAddress } from '../routing/route.ts'
import { Moment } from './clock.tsx'
import { LongText } from './long-text.tsx'
import { readingText } from './reading-text.ts'

/** Names the meter of a change: its external id, which leads to it, and its name. */
export function ChangedMeter({ change }: { change: Pick<PreviewedChange, 'meterId' | 'externalId' | 'meter'> }) {
  const { meterId, externalId, meter } = change
  return (
    <span class="changed-meter">
      {meterId === null ? (
        <span class="external-id">{externalId}</span>
      ) : (
        <a class="external-id" href={meterAddress(meterId)}>
          {externalId}
        </a>
      )}
      {meter !== null && (
        <span class="changed-name">
          <LongText text={meter.name} />
        </span>
      )}
    </span>
  )
}

/** Identifies a meter that is inserted or deleted: its kind, its location and its last reading. */
export function MeterFacts({ meter }: { meter: Meter | null }) {
  if (meter === null) return null
  const { kind, location, lastReading } = meter
  return (
    <span class="meter-facts-line">
      {[kind, location].map((fact, index) => fact !== null && <span key={`${index} ${fact}`}>{fact}</span>)}
      <span>
        {lastReading === null ? (
          'no reading'
        ) : (
          <>
            last reading {readingText(lastReading)}, <Moment iso={lastReading.readAt} />
          </>
        )}
      </span>
    </span>
  )
}
