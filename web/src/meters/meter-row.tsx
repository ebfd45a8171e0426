import type { Meter } from '../../../src/wire/types.ts'
import { type MeterFilter, meterAddress } from '../routing/route.ts'
import { Moment } from '../ui/clock.tsx'
import { Icon } from '../ui/icon.tsx'
import { readingText } from '../ui/reading-text.ts'
import { tableRoles } from '../ui/table.tsx'
import { CollectionWord } from './collection-word.tsx'
import { MeterDetails } from './meter-details.tsx'

/** A meter in the list: a row, and when it is open a second one with all about it. */
export function MeterRow({ meter, open, filter }: { meter: Meter; open: boolean; filter: MeterFilter }) {
  const detailsId = `meter-${meter.id}`
  return (
    <>
      <tr {...tableRoles.row} class="meter" data-open={open}>
        <td {...tableRoles.cell}>
          <a
            class="row-link"
            href={meterAddress(open ? null : meter.id, filter)}
            aria-expanded={open}
            aria-controls={open ? detailsId : undefined}
          >
            <Icon name="chevron" class="run-chevron" />
            <span class="external-id">{meter.externalId}</span>
          </a>
        </td>
        <td {...tableRoles.cell} class="meter-name">
          <span class="clamped">{meter.name}</span>
        </td>
        <Cell label="Kind">{meter.kind}</Cell>
        <Cell label="Location">{meter.location}</Cell>
        <td {...tableRoles.cell} class="meter-state">
          <MeterStateWord meter={meter} />
          {meter.collection !== 'quiet' && <CollectionWord state={meter.collection} />}
        </td>
        <td {...tableRoles.cell} class="meter-reading number" data-none={meter.lastReading === null}>
          {meter.lastReading === null ? (
            <span class="quiet">
              <span aria-hidden="true">–</span>
              <span class="unseen">none</span>
            </span>
          ) : (
            <>
              {readingText(meter.lastReading)}{' '}
              <span class="quiet">
                <Moment iso={meter.lastReading.readAt} />
              </span>
            </>
          )}
        </td>
        <td {...tableRoles.cell} class="meter-change number quiet">
          <Moment iso={meter.updatedAt} />
        </td>
      </tr>
      {open && (
        <tr {...tableRoles.row} class="run-open" id={detailsId}>
          <td {...tableRoles.cell} colSpan={7}>
            <MeterDetails meter={meter} heading="h2" />
          </td>
        </tr>
      )}
    </>
  )
}

function Cell({ label, children }: { label: string; children: string | null }) {
  return (
    <td {...tableRoles.cell} class="meter-fact" data-none={children === null}>
      {children === null ? (
        <span class="quiet">
          <span aria-hidden="true">–</span>
          <span class="unseen">no {label.toLowerCase()}</span>
        </span>
      ) : (
        <span class="clamped">{children}</span>
      )}
    </td>
  )
}

export function MeterStateWord({ meter }: { meter: Meter }) {
  return (
    <span class="outcome" data-tone={meter.active ? 'good' : 'quiet'}>
      <Icon name={meter.active ? 'check' : 'stop'} />
      {meter.active ? 'Active' : 'Inactive'}
    </span>
  )
}
