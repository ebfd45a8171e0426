import { useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { type MeterFilter, type MeterState, type MetersRoute, meterAddress, meterStates } from '../routing/route.ts'
import { plural } from '../ui/format.ts'
import { Here } from './here.ts'
import { MeterList } from './meter-list.tsx'

/** A search begins this long after the last key. */
const debounceMs = 250

/** The meters of the Sync database: search, filter, and each of them with its past and its readings. */
export function MetersView({ statuses, route }: { statuses: readonly ClientSystemStatus[]; route: MetersRoute }) {
  const { filter, meterId } = route
  const status = statuses.find(({ id }) => id === filter.clientSystemId) ?? statuses[0]
  const [readings, setReadings] = useState(0)
  if (status === undefined) return null
  const wanted = { ...filter, clientSystemId: status.id }
  return (
    <Here.Provider value={route}>
      <section class="card meter-search" aria-label="Search">
        <Search filter={filter} />
        <nav aria-label="State" class="filters">
          {meterStates.map((state) => (
            <a
              key={state}
              href={meterAddress(null, { ...filter, state })}
              aria-current={filter.state === state ? 'true' : undefined}
            >
              {stateWords[state]}
            </a>
          ))}
        </nav>
        {statuses.length > 1 && (
          <nav aria-label="Client System" class="filters">
            {statuses.map(({ id, name }) => (
              <a
                key={id}
                href={meterAddress(null, { ...filter, clientSystemId: id })}
                aria-current={id === status.id ? 'true' : undefined}
              >
                {name}
              </a>
            ))}
          </nav>
        )}
      </section>
      <News key={`news ${readings}`} status={status} readAgain={() => setReadings((count) => count + 1)} />
      <MeterList
        key={`${readings} ${status.id} ${filter.state} ${filter.q}`}
        filter={filter}
        wanted={wanted}
        meterId={meterId}
        total={status.meters.total}
      />
    </Here.Provider>
  )
}

const stateWords: Record<MeterState, string> = { all: 'All', active: 'Active', inactive: 'Inactive' }

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
      Search by external id, name or serial number
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

/** Tells that a sync changed meters since the list was read: a list must not change under the eyes of its reader. */
function News({ status, readAgain }: { status: ClientSystemStatus; readAgain: () => void }) {
  const { lastSuccess } = status
  const seen = useRef(lastSuccess?.id)
  const counts = lastSuccess?.counts
  const changes = counts == null ? 0 : counts.inserted + counts.updated + counts.deleted
  if (lastSuccess === null || lastSuccess.id === seen.current || changes === 0) return null
  return (
    <p class="notice" data-tone="quiet">
      <span>A sync has made {plural(changes, 'change')} since this list was loaded.</span>
      <button type="button" class="button-plain" onClick={readAgain}>
        Reload the list
      </button>
    </p>
  )
}
