import { parseObject } from '../db/json.ts'
import type { ChangedMeter } from '../wire/types.ts'
import { newestReading, readingOf } from './meter.ts'

/** What the meter of a change is now, as the text of a JSON object; null where there is no meter. */
export const changedMeter = (meter: string) => `case when ${meter}.id is not null then json_build_object(
    'name', left(${meter}.name, 1000), 'kind', left(${meter}.kind, 1000), 'location', left(${meter}.location, 1000),
    'lastReading', ${newestReading(`${meter}.id`)}
  )::text end`

export function toChangedMeter(text: string | null): ChangedMeter | null {
  if (text === null) return null
  const { name, kind, location, lastReading } = parseObject(text)
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
  return {
    name: textOf(name) ?? '',
    kind: textOf(kind),
    location: textOf(location),
    lastReading: typeof lastReading === 'object' && lastReading !== null ? readingOf({ ...lastReading }) : null,
  }
}
