import type { ToolAnnotations } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Scope } from '../wire/types.ts'

/** A tool of assistants. */
export type Tool<Input, Output> = {
  title: string
  description: string
  input: z.ZodType<Input>
  output: z.ZodType<Output>
  /** The shape of its errors, where they carry a run. */
  refusal?: z.ZodType
  /** All four are given, because the defaults of the protocol are pessimistic. */
  annotations: Required<Omit<ToolAnnotations, 'title'>>
  /** The scope that a token needs to call it. */
  scope: Scope
  /** `signal` aborts when the client cancels the call or goes away. */
  run: (input: Input, signal: AbortSignal) => Promise<Output>
}

/** No tool has access to anything but the two databases. */
export const reads = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

export const meterId = z.int().min(1).describe('The id of a meter, not its external id')
export const limit = z
  .int()
  .min(1)
  .max(200)
  .default(20)
  .describe('At most; large ones end a page sooner, and next goes on')

export const detail = z.enum(['compact', 'full']).default('compact').describe('full: every field of each item')

/** Returns the function that makes the rows of an answer: compact ones, or the items themselves. */
export const rowsOf =
  <Item, Row>(wanted: z.infer<typeof detail>, toRow: (item: Item) => Row) =>
  (item: Item): Item | Row =>
    wanted === 'full' ? item : toRow(item)

/** Registers one tool. */
export type AddTool = <Input, Output extends Record<string, unknown>>(name: string, tool: Tool<Input, Output>) => void
