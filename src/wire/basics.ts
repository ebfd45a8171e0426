import { z } from 'zod'

/** The bounds of the integers that a double holds say nothing, and would be a tenth of the description of the tools. */
const unbounded = { minimum: undefined, maximum: undefined }
export const count = z.int().min(0).meta({ maximum: undefined })
export const integer = z.int().meta(unbounded)
export const time = z.string().describe('ISO 8601 in UTC')

/** The total of a list, on its first page. */
export const total = count.nullable().describe('Null after the first page')
export const totalIsExact = z.boolean().describe('False: there are more than total')

/** The `next` of a list: opaque, null at its end. */
export const next = z.string().nullable().describe('Continues the list; null at its end')
