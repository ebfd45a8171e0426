import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Change, Meter } from '../../../src/wire/types.ts'
import { readMeterHistory } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { addressOf } from '../routing/route.ts'
import { Moment } from '../ui/clock.tsx'
import { Differences } from '../ui/differences.tsx'
import { Fact } from '../ui/fact.tsx'
import { formatDuration, formatValue } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'
import { LongText } from '../ui/long-text.tsx'
import { Operation } from '../ui/operation.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { readingText } from '../ui/reading-text.ts'
import { useSubject } from '../ui/subject.ts'
import { CollectionWord } from './collection-word.tsx'
import { MeterReadings } from './meter-readings.tsx'
import { useCurrentMeter } from './use-current-meter.ts'

/** All about one meter, in this order: its fields, its history, its readings as charts, and their gaps. */
export function MeterDetails({ meter: listed, heading }: { meter: Meter; heading: Heading }) {
  const { meter, version } = useCurrentMeter(listed)
  const root = useRef<HTMLDivElement>(null)
  useSubject(`Meter ${meter.externalId}`)
  // Only a link from elsewhere leads into the details; who opened the row stays there.
  useEffect(() => {
    if (document.activeElement !== document.body) return
    root.current?.focus({ preventScroll: true })
  }, [])
  return (
    <div class="details" ref={root} tabIndex={-1}>
      <Fields meter={meter} />
      <Attributes attributes={meter.attributes} heading={heading} />
      <Timeline meterId={meter.id} heading={heading} />
      <MeterReadings meter={meter} version={version} heading={heading} />
    </div>
  )
}

function Fields({ meter }: { meter: Meter }) {
  const { ipAddress, port } = meter
  const address = [ipAddress, port === null ? null : `port ${port}`].filter((part) => part !== null)
  return (
    <dl class="facts meter-facts">
      <MeterFact name="Name">{meter.name}</MeterFact>
      <MeterFact name="Serial number">{meter.serialNumber}</MeterFact>
      <MeterFact name="Kind">{meter.kind}</MeterFact>
      <MeterFact name="Unit">{meter.unit}</MeterFact>
      <MeterFact name="Location">{meter.location}</MeterFact>
      <MeterFact name="Address">{address.length === 0 ? null : address.join(', ')}</MeterFact>
      <MeterFact name="Collection">
        <CollectionWord state={meter.collection} />
      </MeterFact>
      <MeterFact name="Read every">{formatDuration(meter.readingIntervalMinutes * 60_000)}</MeterFact>
      <MeterFact name="Last reading">
        {meter.lastReading !== null && (
          <>
            {readingText(meter.lastReading)}, <Moment iso={meter.lastReading.readAt} />
          </>
        )}
      </MeterFact>
      <MeterFact name="First seen">
        <Moment iso={meter.createdAt} />
      </MeterFact>
      <MeterFact name="Last changed">
        <Moment iso={meter.updatedAt} />
      </MeterFact>
      {meter.removedAt !== null && (
        <MeterFact name="Deleted">
          <Moment iso={meter.removedAt} />
        </MeterFact>
      )}
    </dl>
  )
}

function Attributes({ attributes, heading: Heading }: { attributes: Meter['attributes']; heading: Heading }) {
  const entries = Object.entries(attributes)
  if (entries.length === 0) return null
  return (
    <section aria-label="Attributes">
      <Heading>Attributes</Heading>
      <dl class="facts meter-facts attributes">
        {entries.map(([name, value]) => (
          <MeterFact key={name} name={name}>
            {formatValue(value)}
          </MeterFact>
        ))}
      </dl>
    </section>
  )
}

/** A fact that may be missing, or too long to show in whole. */
function MeterFact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <Fact name={name}>
      {typeof children === 'string' ? <LongText text={children} /> : children || <span class="value-none">none</span>}
    </Fact>
  )
}

function Timeline({ meterId, heading: Heading }: { meterId: number; heading: Heading }) {
  const pages = usePages((before) => readMeterHistory(meterId, before))
  return (
    <section class="changes" aria-label="History">
      <Heading>History</Heading>
      <PagedList pages={pages} empty="The history of this meter is no longer kept.">
        {(changes) => (
          <ol class="change-list">
            {changes.map((change) => (
              <Event key={`${change.runId} ${change.operation}`} change={change} />
            ))}
          </ol>
        )}
      </PagedList>
    </section>
  )
}

function Event({ change }: { change: Change }) {
  return (
    <li>
      <Operation operation={change.operation} />
      <span>
        <Moment iso={change.at} />
        <a class="event-run" href={addressOf(change.runId)}>
          See the run
        </a>
      </span>
      <Differences change={change} />
    </li>
  )
}
