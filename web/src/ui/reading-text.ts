import type { Reading } from '../../../src/wire/types.ts'
import { formatValue } from './format.ts'

/** "231.4 V": all digits as they were sent. */
export function readingText({ value, unit }: Reading): string {
  const text = formatValue(value) ?? 'no value'
  return unit === null ? text : `${text} ${unit}`
}
