import { z } from 'zod'
import type { RequestErrorCode } from '../../lib/errors.ts'
import { next } from '../../wire/schemas.ts'
import type { Scope } from '../../wire/types.ts'

/** One route and method as the API's description tells it. What every route answers in the same way is added there. */
export type Operation = {
  id: string
  method: 'get' | 'post' | 'delete'
  /** As OpenAPI writes it: `/api/runs/{id}`. */
  path: string
  tag: Tag
  summary: string
  description?: string
  /** What stands for `{id}`. */
  pathId?: { schema: z.ZodType; example: string | number }
  query?: z.ZodObject
  headers?: Record<string, { description: string; example: string }>
  body?: { description?: string; content: Record<string, Content>; required?: true }
  answers: Record<number, Answer>
  /** Beyond those that follow from its id, query, body, scope and door. */
  refusals?: readonly RequestErrorCode[]
  /** What a token needs for it; null where none is asked for, as `door` says. */
  scope: Scope | null
  /** It is for assistants: a token that may approve is refused. */
  forAssistants?: true
  /** It asks the databases on the other side, whose refusals have the codes of a run. */
  asksSource?: true
  /** `open` wants no token, a `probe` no known Host either. */
  door?: 'open' | 'probe'
}

export type Content = { schema: z.ZodType; example?: unknown }

type Answer = {
  description: string
  content?: Record<string, Content>
  headers?: Record<string, string>
  /** Of an event stream: the data of each event by its name. */
  events?: Record<string, Content & { description: string }>
}

/** In the order of reading. */
export const tags = {
  Sync: 'How the meters stand, starting a sync and watching it',
  Runs: 'What happened: every run, what it changed and what it could not use',
  Meters: 'The meters as they are, and what became of each',
  Readings: 'What collectors read from the meters',
  Session: 'A login for browsers, whose event streams cannot send headers',
  Service: 'Probes, metrics, the page, and this description',
} as const
type Tag = keyof typeof tags

export const json = (schema: z.ZodType, example?: unknown): Record<string, Content> => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
})

/** A page of a list: its items under their name, and the `next`. */
export const page = (name: string, item: z.ZodType) => z.object({ [name]: z.array(item), next })
