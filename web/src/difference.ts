import { formatValue } from './format.ts'

/** A column of a meter and its two values as text; null where there is none. */
export type Difference = { column: string; before: string | null; after: string | null }

type Columns = Record<string, unknown> | null

/**
 * The columns in which two sides differ, by name. Attributes that come as an object are told apart one by one:
 * nobody should have to look for a changed digit in two lines of JSON.
 */
export function differencesOf(before: Columns, after: Columns): Difference[] {
  return keysOf(before, after).flatMap((column) => {
    const [old, now] = [before?.[column], after?.[column]]
    if (column === 'attributes' && (isObject(old) || isObject(now))) {
      return plainDifferences(isObject(old) ? old : null, isObject(now) ? now : null)
    }
    return [{ column: spaced(column), before: formatValue(old), after: formatValue(now) }]
  })
}

function plainDifferences(before: Columns, after: Columns): Difference[] {
  return keysOf(before, after)
    .map((column) => ({ column, before: formatValue(before?.[column]), after: formatValue(after?.[column]) }))
    .filter(({ before: old, after: now }) => old !== now)
}

function keysOf(before: Columns, after: Columns): string[] {
  return [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
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
