import type { Context } from 'hono'
import type { z } from 'zod'
import type { Agent } from '../../agent.ts'
import { NotFoundError } from '../../lib/errors.ts'
import type { Authentication } from '../auth/authentication.ts'
import type { Metrics } from '../metrics.ts'
import { readBody, readQuery } from '../read-request.ts'
import type { ReceiveReadings } from '../readings/receive.ts'
import type { RequestEnv } from '../request-env.ts'
import type { Streams } from '../stream.ts'
import { json, type Operation, type PathId } from './operation.ts'

/** The parts of the HTTP server that handlers use. */
export type Parts = {
  agent: Agent
  streams: Streams
  metrics: Metrics
  authentication: Authentication
  receiveReadings: ReceiveReadings
  /** Answers a request to the Sync MCP Server. */
  answerAssistant: (c: Context<RequestEnv>) => Promise<Response>
  /** Answers with the file of the page, or null where the page has not been built. */
  answerPage: (c: Context<RequestEnv>) => Promise<Response | null>
  apiDocs: ApiDocs
}

/** The API's description: as JSON, as a page, and the style of that page. */
export type ApiDocs = {
  json: () => Promise<string>
  page: (origin: string) => Promise<string>
  style: () => Promise<string>
}

/** A route: described by its operation and served by `serve`. */
export type Route = {
  operation: Operation
  /** A larger body gets `too_large`. */
  maxBodyBytes: number
  serve: (c: Context<RequestEnv>, parts: Parts) => Promise<Response>
}

/** The input of a handler: the checked query, JSON body and id, where the definition has their schemas. */
type HandlerInput<Query extends z.ZodType, Body extends z.ZodType, Id extends z.ZodType> = {
  c: Context<RequestEnv>
  query: z.output<Query>
  body: z.output<Body>
  id: z.output<Id>
}

type JsonBody<Body extends z.ZodObject> = { schema: Body; example?: unknown; description?: string; required?: true }

type Definition<Query extends z.ZodObject, Body extends z.ZodObject, Id extends z.ZodType> = Omit<
  Operation,
  'query' | 'body' | 'pathId'
> & {
  query?: Query
  /** A JSON body. An empty body counts as an empty object. */
  json?: JsonBody<Body>
  /** A body in another format, which `handle` reads itself. */
  body?: NonNullable<Operation['body']>
  pathId?: PathId<Id>
  maxBodyBytes?: number
  handle: (input: HandlerInput<Query, Body, Id>, parts: Parts) => Response | Promise<Response>
}

const defaultMaxBodyBytes = 64 * 1_024

/**
 * Defines a route in one place: its input and answers, the scope that it needs, and its handler. An invalid query or body gets
 * 400, and an id in an invalid format gets 404.
 */
export function route<
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
  Id extends z.ZodType = z.ZodType,
>({ handle, json: jsonBody, maxBodyBytes = defaultMaxBodyBytes, ...rest }: Definition<Query, Body, Id>): Route {
  const { pathId, query } = rest
  return {
    operation: { ...rest, ...(jsonBody && { body: describeBody(jsonBody) }) },
    maxBodyBytes,
    serve: async (c, parts) => {
      const parsed = {
        c,
        query: query && readQuery(c, query),
        body: jsonBody && (await readBody(c, jsonBody.schema)),
        id: pathId && parseId(c.req.param('id') ?? '', pathId),
      }
      // A value is undefined where the definition has no schema, and then the handler does not use it.
      return await handle(parsed as HandlerInput<Query, Body, Id>, parts)
    },
  }
}

function describeBody({ schema, example, ...rest }: JsonBody<z.ZodObject>): NonNullable<Operation['body']> {
  return { ...rest, content: json(schema, example) }
}

/** Parses an id. Throws `not_found` for one in an invalid format, as for one that does not exist. */
function parseId(text: string, { schema, of }: PathId): unknown {
  const parsed = schema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new NotFoundError(of, text)
}
