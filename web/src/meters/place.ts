/** Where a reader is in the list: kept with the entry of the browser's history, so Back and a reload lead there again. */
export type Place = {
  /** Of what the list was read by. */
  key: string
  /** How many meters were listed. */
  count: number
  /** How far the page was scrolled. */
  top: number
}

/** The place that was kept with the present entry, in the same list; null where there is none. */
export function keptPlace(key: string): Place | null {
  const state: unknown = history.state
  if (typeof state !== 'object' || state === null || !('place' in state)) return null
  const place = state.place
  return isPlace(place) && place.key === key ? place : null
}

export function keepPlace(place: Place): void {
  history.replaceState({ place }, '')
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && 'key' in value && 'count' in value && 'top' in value
}
