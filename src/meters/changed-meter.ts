import { parseObject } from '../db/json.ts'
import type { ChangedMeter } from '../wire/types.ts'
import { newestReading, readingOf } from './meter.ts'

/** Returns an SQL expression for the present state of a change's meter: the text of a JSON object, or null without a meter. */
export const changedMeter = (meter: string) => `case when ${meter}.id is not null then json_build_object(
    'name', left(${meter}.name, 1000), 'kind', left(${meter}.kind, 1000), 'location', left(${meter}.location, 1000),
    'lastReading', ${newestReading(`${meter}.id`)}
  )::text end`

/** Parses the text of `changedMeter`. */
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
