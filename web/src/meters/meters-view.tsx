import { useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { type MeterFilter, type MetersRoute, meterAddress } from '../routing/route.ts'
import { ClientSystemLinks } from '../ui/client-system-links.tsx'
import { plural } from '../ui/format.ts'
import { CurrentRoute } from './current-route.ts'
import { MeterFilters } from './meter-filters.tsx'
import { MeterList } from './meter-list.tsx'
import { useFacets } from './use-facets.ts'
import { useMeters } from './use-meters.ts'

/** A search begins this long after the last key. */
const debounceMs = 250

/** The meters of the Sync database: search, filter, and each of them with its past and its readings. */
export function MetersView({ statuses, route }: { statuses: readonly ClientSystemStatus[]; route: MetersRoute }) {
  const status = statuses.find(({ id }) => id === route.filter.clientSystemId) ?? statuses[0]
  if (status === undefined) return null
  return (
    <CurrentRoute.Provider value={route}>
      <MetersOfSystem key={status.id} statuses={statuses} status={status} route={route} />
    </CurrentRoute.Provider>
  )
}

type Props = { statuses: readonly ClientSystemStatus[]; status: ClientSystemStatus; route: MetersRoute }

function MetersOfSystem({ statuses, status, route: { filter, meterId } }: Props) {
  const wanted = { ...filter, clientSystemId: status.id }
  const meters = useMeters(wanted, meterId)
  // The sync that the list is of: a later one may have changed it.
  const [seen, setSeen] = useState(status.lastSuccess?.id)
  useEffect(() => setSeen(status.lastSuccess?.id), [meters.version])
  const facets = useFacets(wanted, seen, meters.pages.state === 'ready')
  return (
    <>
      {(status.meters.total > 0 || statuses.length > 1) && (
        <section class="card meter-search" aria-label="Search">
          {status.meters.total > 0 && (
            <>
              <Search filter={filter} />
              <MeterFilters filter={filter} facets={facets} />
            </>
          )}
          <ClientSystemLinks
            statuses={statuses}
            chosen={status.id}
            addressOf={(id) => meterAddress(null, { ...filter, clientSystemId: id })}
          />
        </section>
      )}
      <Outdated status={status} seen={seen} readAgain={meters.readAgain} />
      <MeterList meters={meters} filter={filter} wanted={wanted} meterId={meterId} total={status.meters.total} />
    </>
  )
}

function Search({ filter }: { filter: MeterFilter }) {
  const [text, setText] = useState(filter.q)
  const typed = useRef(false)
  // Another address (Back, a link) brings its own text.
  useEffect(() => {
    typed.current = false
    setText(filter.q)
  }, [filter.q])
  useEffect(() => {
    if (!typed.current || text === filter.q) return
    const timer = setTimeout(() => location.replace(meterAddress(null, { ...filter, q: text })), debounceMs)
    return () => clearTimeout(timer)
  }, [text, filter])
  return (
    <label class="field">
      Search by external id, name, serial number or location
      <input
        type="search"
        name="q"
        maxLength={200}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          typed.current = true
          setText(event.currentTarget.value)
        }}
      />
    </label>
  )
}

type OutdatedProps = { status: ClientSystemStatus; seen: string | undefined; readAgain: () => void }

/** Shows that a sync has changed meters since the list was loaded. The list changes only when its reader wants it to. */
function Outdated({ status, seen, readAgain }: OutdatedProps) {
  const { lastSuccess } = status
  const counts = lastSuccess?.counts
  const changes = counts == null ? 0 : counts.inserted + counts.updated + counts.deleted
  if (lastSuccess === null || lastSuccess.id === seen || changes === 0) return null
  return (
    <p class="notice notice-floating" data-tone="quiet">
      <span>A sync has made {plural(changes, 'change')} since this list was loaded.</span>
      <button type="button" class="button-plain" onClick={readAgain}>
        Reload the list
      </button>
    </p>
  )
}
