/** The position in the list. It is stored in the browser's history entry, so Back and a reload restore it. */
export type Place = {
  /** Identifies the filter and the order of the list. */
  key: string
  /** How many meters were listed. */
  count: number
  /** How far the page was scrolled. */
  top: number
}

/** Returns the position stored in the current history entry; null when there is none, or when it is of another list. */
export function storedPlace(key: string): Place | null {
  const state: unknown = history.state
  if (typeof state !== 'object' || state === null || !('place' in state)) return null
  const place = state.place
  return isPlace(place) && place.key === key ? place : null
}

export function storePlace(place: Place): void {
  history.replaceState({ place }, '')
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && 'key' in value && 'count' in value && 'top' in value
}
