/**
 * The page's addresses: `#/`, `#/runs/ID` (with a part of the run), `#/meters` and `#/meters/ID`, with filters, `#/preview`,
 * `#/collection`, `#/settings`. Pure.
 */
import { collectionStates, meterOrders, meterSorts, triggers } from '../../../src/wire/lists.ts'
import type {
  ChangeOperation,
  CollectionState,
  MeterOrder,
  MeterSort,
  RunStatus,
  Trigger,
} from '../../../src/wire/types.ts'

export type RunPart = ChangeOperation | 'rejected'
/** The filter of the run history; null lets everything through. */
export type RunFilter = {
  outcome: RunStatus | null
  trigger: Trigger | null
  /** "2026-11-26", in the reader's time zone. */
  day: string | null
}
export type StatusRoute = { view: 'status'; runId: string | null; part: RunPart | null; filter: RunFilter }

export type MeterState = 'all' | 'active' | 'inactive'
export type MeterFilter = {
  q: string
  state: MeterState
  /** The empty text is meters without a kind, or a location; null is all meters. */
  kind: string | null
  location: string | null
  collection: CollectionState | null
  sort: MeterSort
  order: MeterOrder
  /** Null is the first Client System. */
  clientSystemId: string | null
}
export type ReadingSpan = 'day' | 'week' | 'month'
/** Which readings of a meter are shown. */
export type ReadingsChoice = {
  /** The last day that is shown, "2026-11-26" in the reader's time zone; null is the day of the last reading. */
  day: string | null
  /** Null is one that suits how often the meter is read. */
  span: ReadingSpan | null
  /** Null is all of them. */
  quantity: string | null
}
export type MetersRoute = { view: 'meters'; meterId: string | null; filter: MeterFilter; readings: ReadingsChoice }
/** Null is the first Client System. */
export type PreviewRoute = { view: 'preview'; clientSystemId: string | null }
/** Null is the first Client System. */
export type CollectionRoute = { view: 'collection'; clientSystemId: string | null }
export type SettingsRoute = { view: 'settings' }
export type Route = StatusRoute | MetersRoute | PreviewRoute | CollectionRoute | SettingsRoute

export const parts: readonly RunPart[] = ['insert', 'update', 'delete', 'restore', 'withheld', 'rejected']
export const outcomes: readonly RunStatus[] = ['succeeded', 'failed', 'interrupted', 'cancelled']
export const meterStates: readonly MeterState[] = ['all', 'active', 'inactive']
export const readingSpans: readonly ReadingSpan[] = ['day', 'week', 'month']

export const noRunFilter: RunFilter = { outcome: null, trigger: null, day: null }
export const noMeterFilter: MeterFilter = {
  q: '',
  state: 'all',
  kind: null,
  location: null,
  collection: null,
  sort: 'externalId',
  order: 'asc',
  clientSystemId: null,
}
export const latestReadings: ReadingsChoice = { day: null, span: null, quantity: null }

/** Returns the route of the hash of an address; the status view for an unknown one. */
export function parseRoute(hash: string): Route {
  const [, path = '', search = ''] = /^#(\/[^?]*)(?:\?(.*))?$/.exec(hash) ?? []
  const query = new URLSearchParams(search)
  const meters = /^\/meters(?:\/(\d{1,15}))?$/.exec(path)
  if (meters !== null) {
    const filter = {
      q: query.get('q') ?? '',
      state: among(meterStates, query.get('state')) ?? 'all',
      kind: query.get('kind'),
      location: query.get('location'),
      collection: among(collectionStates, query.get('collection')),
      sort: among(meterSorts, query.get('sort')) ?? 'externalId',
      order: among(meterOrders, query.get('order')) ?? 'asc',
      clientSystemId: query.get('system'),
    }
    const readings = {
      day: dayIn(query.get('day')),
      span: among(readingSpans, query.get('span')),
      quantity: query.get('quantity'),
    }
    return { view: 'meters', meterId: meters[1] ?? null, filter, readings }
  }
  if (path === '/collection') return { view: 'collection', clientSystemId: query.get('system') }
  if (path === '/settings') return { view: 'settings' }
  if (path === '/preview') return { view: 'preview', clientSystemId: query.get('system') }
  const run = /^\/runs\/([\w-]+)(?:\/(\w+))?$/.exec(path)
  const filter = {
    outcome: among(outcomes, query.get('outcome')),
    trigger: among(triggers, query.get('trigger')),
    day: dayIn(query.get('day')),
  }
  return { view: 'status', runId: run?.[1] ?? null, part: among(parts, run?.[2] ?? null), filter }
}

/** Returns the text if it is a day of the calendar. */
function dayIn(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null
  const time = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text) ? text : null
}

function among<T extends string>(known: readonly T[], text: string | null): T | null {
  return known.find((one) => one === text) ?? null
}

/** Returns the address of a run or of a part of it; of the status view when there is no run. */
export function addressOf(
  runId: string | null,
  part: RunPart | null = null,
  { outcome, trigger, day }: RunFilter = noRunFilter,
): string {
  const path = runId === null ? '#/' : part === null ? `#/runs/${runId}` : `#/runs/${runId}/${part}`
  return path + queryOf({ outcome, trigger, day })
}

/** Returns the address of a meter in the filtered list; of the list itself when there is no meter. */
export function meterAddress(
  meterId: number | string | null,
  filter: MeterFilter = noMeterFilter,
  readings: ReadingsChoice = latestReadings,
): string {
  const path = meterId === null ? '#/meters' : `#/meters/${meterId}`
  const { q, state, kind, location, collection, sort, order, clientSystemId } = filter
  const query = {
    q: q || null,
    state: unless(state, noMeterFilter.state),
    ...{ kind, location, collection },
    sort: unless(sort, noMeterFilter.sort),
    order: unless(order, noMeterFilter.order),
    system: clientSystemId,
  }
  return path + queryOf({ ...query, ...readings })
}

/** Leaves out a default value, so that addresses stay short. */
function unless<T extends string>(value: T, usual: T): T | null {
  return value === usual ? null : value
}

/** Returns the address of the preview of a Client System; of the first one when none is given. */
export function previewAddress(clientSystemId: string | null): string {
  return `#/preview${queryOf({ system: clientSystemId })}`
}

/** Returns the address of the collection view of a Client System; of the first one when none is given. */
export function collectionAddress(clientSystemId: string | null): string {
  return `#/collection${queryOf({ system: clientSystemId })}`
}

function queryOf(values: Record<string, string | null>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null)
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
