import { z } from 'zod'

// The schemas leave out the bounds of safe integers, which would be a tenth of what assistants read about the tools.
export const count = z.int().min(0).meta({ maximum: undefined })
export const integer = z.int().meta({ minimum: undefined, maximum: undefined })
export const time = z.string().describe('ISO 8601 in UTC')

/** The total of a list, on its first page. */
export const total = count.nullable().describe('Null after the first page')
export const totalIsExact = z.boolean().describe('False when there are more than total')

/** The cursor that continues a list: an opaque text, null at the end. */
export const next = z.string().nullable().describe('Continues the list; null at its end')
