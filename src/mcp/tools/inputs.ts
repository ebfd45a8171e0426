import { z } from 'zod'

/** The inputs that several tools take. */

export const runId = z.uuid().meta({ pattern: undefined, description: 'The id of a run' })
export const meterId = z.int().min(1).describe('The id of a meter, not its external id')

export const limit = z
  .int()
  .min(1)
  .max(200)
  .default(20)
  .describe('Maximum number of items; large items make a page shorter')

export const detail = z.enum(['compact', 'full']).default('compact').describe('full: every field of each item')

/** Returns the function that makes the rows of an answer: compact ones, or the items themselves. */
export const rowsOf =
  <Item, Row>(wanted: z.infer<typeof detail>, toRow: (item: Item) => Row) =>
  (item: Item): Item | Row =>
    wanted === 'full' ? item : toRow(item)
