import { z } from 'zod'
import type { RequestErrorCode } from '../../lib/errors.ts'
import { next } from '../../wire/basics.ts'
import type { Scope } from '../../wire/types.ts'

/** The sections of the API's description, in the order of reading. */
export const tags = {
  Sync: 'The state of the meters, starting a sync and watching it',
  Runs: 'What happened: every run, what it changed and what it could not use',
  Meters: 'The meters as they are, and what became of each',
  Readings: 'What collectors read from the meters',
  Session: 'A login for browsers, whose event streams cannot send headers',
  Service: 'Probes, metrics, the page, and this description',
} as const
type Tag = keyof typeof tags

/** A body or an answer of one content type. */
export type Content = { schema: z.ZodType; example?: unknown }

type Answer = {
  description: string
  content?: Record<string, Content>
  headers?: Record<string, string>
  /** Of an event stream: the data of each event by its name. */
  events?: Record<string, Content & { description: string }>
}

/** What the description of the API says of one method of one path. What every route answers alike is added there. */
export type Operation = {
  id: string
  method: 'get' | 'post' | 'delete'
  /** As OpenAPI writes it: `/api/runs/{id}`. */
  path: string
  tag: Tag
  summary: string
  description?: string
  /** Describes `{id}`, and what it identifies. */
  pathId?: { schema: z.ZodType; example: string | number; of: 'run' | 'meter' }
  query?: z.ZodObject
  headers?: Record<string, { description: string; example: string }>
  body?: { description?: string; content: Record<string, Content>; required?: true }
  answers: Record<number, Answer>
  /** Beyond those that follow from `pathId`, `query`, `body`, `scope` and `access`. */
  refusals?: readonly RequestErrorCode[]
  /** The scope that a token needs; null when none is needed, as `access` says. */
  scope: Scope | null
  /** Serves assistants: a token that may approve is refused. */
  forAssistants?: true
  /** Whether it reads the Client System, whose errors have the codes of a run. */
  readsSource?: true
  /** `open` needs no token; a `probe` needs no known Host either. */
  access?: 'open' | 'probe'
}

/** A body or an answer as JSON. */
export const json = (schema: z.ZodType, example?: unknown): Record<string, Content> => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
})

/** The same as CSV. */
export const csv = (example: string): Record<string, Content> => ({ 'text/csv': { schema: z.string(), example } })

/** A page of a list: its items under their name, and the `next`. */
export const page = (name: string, item: z.ZodType) => z.object({ [name]: z.array(item), next })
