import { z } from 'zod'
import type { RequestErrorCode } from '../../lib/errors.ts'
import { next } from '../../wire/basics.ts'
import type { Scope } from '../../wire/types.ts'

/** The sections of the API's description, in the order of reading. */
export const tags = {
  Sync: 'The state of the meters; starting and following a sync',
  Runs: 'The history of runs, with their changes and rejected rows',
  Meters: 'The meters and their history',
  Readings: 'The readings of the meters, and how regularly they arrive',
  Session: 'The login of browsers, which cannot send a token with an event stream',
  Service: 'Probes, metrics, the page, the Sync MCP Server, and this description',
} as const
type Tag = keyof typeof tags

/** A body or an answer of one content type. */
export type Content = { schema: z.ZodType; example?: unknown }

type Answer = {
  description: string
  content?: Record<string, Content>
  headers?: Record<string, string>
  /** The data of each event by its name, for an event stream. */
  events?: Record<string, Content & { description: string }>
}

/** Describes the `{id}` of a path, and what it identifies. */
export type PathId<Id extends z.ZodType = z.ZodType> = { schema: Id; example: string | number; of: 'run' | 'meter' }

/** The description of one method of one path. The API's description adds the errors that follow from it. */
export type Operation = {
  id: string
  method: 'get' | 'post' | 'delete'
  /** As OpenAPI writes it: `/api/runs/{id}`. */
  path: string
  tag: Tag
  summary: string
  description?: string
  pathId?: PathId
  query?: z.ZodObject
  headers?: Record<string, { description: string; example: string }>
  body?: { description?: string; content: Record<string, Content>; required?: true }
  answers: Record<number, Answer>
  /** The error codes that do not follow from `pathId`, `query`, `body`, `scope` and `access`. */
  refusals?: readonly RequestErrorCode[]
  /** The scope that a token needs; null when none is needed, as `access` says. */
  scope: Scope | null
  /** True for routes of assistants, which refuse a token with the scope `approve`. */
  forAssistants?: true
  /** True where the request reads the Client System, so that errors can have the codes of a run. */
  readsSource?: true
  /** `open` needs no token; a `probe` needs no known Host either. */
  access?: 'open' | 'probe'
}

/** Describes a body or an answer as JSON. */
export const json = (schema: z.ZodType, example?: unknown): Record<string, Content> => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
})

/** Describes a body or an answer as CSV. */
export const csv = (example: string): Record<string, Content> => ({ 'text/csv': { schema: z.string(), example } })

/** Returns the schema of a page of a list: the items under their name, and `next`. */
export const page = (name: string, item: z.ZodType) => z.object({ [name]: z.array(item), next })
