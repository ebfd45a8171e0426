import { formatValue } from './format.ts'

/** A column of a meter and its two values as text; null where there is none. */
export type Difference = { column: string; before: string | null; after: string | null }

type Columns = Record<string, unknown> | null

/**
 * Returns the columns in which two sides differ, by name. Attributes that are an object are compared one by one, so that a
 * changed digit need not be found in two lines of JSON.
 */
export function differencesOf(before: Columns, after: Columns): Difference[] {
  return keysOf(before, after).flatMap((column) => {
    const [old, now] = [cell(before, column), cell(after, column)]
    if (column === 'attributes' && (isObject(old) || isObject(now))) {
      return plainDifferences(isObject(old) ? old : null, isObject(now) ? now : null)
    }
    return [{ column: spaced(column), before: formatValue(old), after: formatValue(now) }]
  })
}

/** Returns the values of a new meter, its name first and its attributes last, without empty ones. */
export function valuesOf({
  name,
  attributes,
  ...columns
}: Record<string, unknown>): { column: string; value: string }[] {
  const own = Object.entries({ name, ...columns }).map(([column, value]) => ({ column: spaced(column), value }))
  const further = Object.entries(isObject(attributes) ? attributes : {}).map(([column, value]) => ({ column, value }))
  return [...own, ...further].flatMap(({ column, value }) => {
    const text = formatValue(value)
    return text === null ? [] : [{ column, value: text }]
  })
}

function plainDifferences(before: Columns, after: Columns): Difference[] {
  return keysOf(before, after).flatMap((column) => {
    const [old, now] = [cell(before, column), cell(after, column)]
    const json = { column, before: jsonOf(old), after: jsonOf(now) }
    if (json.before === json.after) return []
    const text = { column, before: formatValue(old), after: formatValue(now) }
    // The number 5 and the text "5", or null and no value at all, would look as if nothing had changed.
    return [text.before === text.after ? json : text]
  })
}

function keysOf(before: Columns, after: Columns): string[] {
  return [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
}

/** Undefined where there is no such column, though every object has a `constructor`. */
function cell(columns: Columns, column: string): unknown {
  return columns !== null && Object.hasOwn(columns, column) ? columns[column] : undefined
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** "ip_address" and "ipAddress" both read as "ip address". */
function spaced(column: string): string {
  return column
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
}
