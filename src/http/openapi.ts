import { z } from 'zod'
import { type RequestErrorCode, runErrorCodes } from '../lib/errors.ts'
import * as shape from '../wire/schemas.ts'
import { sessionCookie } from './auth/cookie.ts'
import type {
  DescribedOperation,
  DescribedResponse,
  Description,
  Media,
  Parameter,
  Reference,
  Schema,
} from './openapi-types.ts'
import { isRequestCode, statuses } from './problems.ts'
import { invalidParameter, runIsActive } from './routes/examples.ts'
import { type Content, type Operation, tags } from './routes/operation.ts'
import { routes } from './routes/routes.ts'

const introduction = `The HTTP API of the Meter Sync Agent.

Bodies are JSON with camelCase names. Times are ISO 8601 in UTC. Where \`AUTH_TOKEN\` is set or a token was created, every route except the probes, the page and the login requires a token with the scope of the route. Elsewhere no route requires a token.

Every error is \`application/problem+json\` (RFC 9457) with a \`code\` from a closed set and a \`hint\` with the next step. A method that a path does not accept gets 405, the code \`method_not_allowed\` and the header \`Allow\`. While the agent starts, every route except the probes answers 503 with the code \`unavailable\`. Requests that are running when it stops get the same answer.

A list returns at most \`limit\` items. To continue it, send the \`next\` of the page as \`after\` or \`before\`; it is null at the end.`

/** Returns the OpenAPI 3.1 description of all routes. The schemas that check requests and describe answers are its source. */
export function describeApi(version: string): Description {
  const components = createComponents()
  const paths: Description['paths'] = {}
  for (const { operation } of routes) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method]: describeOperation(components, operation) }
  }
  components.refusal(405, statuses.method_not_allowed.title, ['method_not_allowed'])

  const described: Description = {
    openapi: '3.1.1',
    info: {
      title: 'Meter Sync Agent',
      version,
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: components.schemas, responses: components.responses, securitySchemes },
  }
  return JSON.parse(JSON.stringify(described).replaceAll('"#/$defs/', '"#/components/schemas/'))
}

const securitySchemes: Description['components']['securitySchemes'] = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token from `token create`, or the value of AUTH_TOKEN',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie,
    description: 'The cookie that POST /api/session sets; over TLS its name begins with __Host-',
  },
}

type Components = ReturnType<typeof createComponents>

/** Collects the schemas and error responses that several operations share. */
function createComponents() {
  const schemas: Record<string, Schema> = {}
  const responses: Record<string, DescribedResponse> = {}

  /** Returns the JSON Schema of a schema. Schemas with a name are added to `schemas`, and referenced. */
  function toSchema(schema: z.ZodType, io: 'input' | 'output'): Schema {
    const whole = z.toJSONSchema(z.object({ it: schema }), { io, override: adjust })
    Object.assign(schemas, whole.$defs)
    const it = whole.properties?.it
    return typeof it === 'object' ? it : {}
  }

  function toMedia(content: Record<string, Content>, io: 'input' | 'output'): Record<string, Media> {
    const entries = Object.entries(content).map(([type, { schema, ...rest }]): [string, Media] => [
      type,
      { schema: toSchema(schema, io), ...rest },
    ])
    return Object.fromEntries(entries)
  }

  /** Returns a reference to the error response with these codes, and adds it to `responses` the first time. */
  function refusal(status: number | '4XX', title: string, codes: readonly string[]): Reference {
    const name = codes.length > 2 ? `problem_${status}` : codes.join('_or_')
    const schema: Schema = { ...toSchema(shape.problem, 'output'), properties: { code: { enum: [...codes] } } }
    const example = [invalidParameter, runIsActive].find(({ code }) => codes.includes(code))
    responses[name] ??= {
      description: title,
      ...(refusalHeaders[status] && { headers: toHeaders(refusalHeaders[status]) }),
      content: { 'application/problem+json': { schema, ...(example && { example }) } },
    }
    return { $ref: `#/components/responses/${name}` }
  }

  return { schemas, responses, toSchema, toMedia, refusal }
}

function describeOperation(components: Components, operation: Operation): DescribedOperation {
  const { id, tag, summary, description, body, scope } = operation
  const parameters = toParameters(components, operation)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: scope === null ? [] : [{ bearer: [scope] }, { session: [scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        ...(body.description !== undefined && { description: body.description }),
        required: body.required ?? false,
        content: components.toMedia(body.content, 'input'),
      },
    }),
    responses: { ...describeRefusals(components, operation), ...describeAnswers(components, operation) },
  }
}

function toParameters({ toSchema }: Components, { pathId, query, headers }: Operation): Parameter[] {
  const found: Parameter[] = []
  const add = (name: string, place: Parameter['in'], required: boolean, schema: Schema, example?: string | number) => {
    const { description, ...rest } = schema
    found.push({
      name,
      in: place,
      required,
      ...(description !== undefined && { description }),
      schema: rest,
      ...(example !== undefined && { example }),
    })
  }
  if (pathId) add('id', 'path', true, toSchema(pathId.schema, 'input'), pathId.example)
  const { properties = {}, required = [] } = query ? toSchema(query, 'input') : {}
  for (const [name, schema] of Object.entries(properties)) {
    if (typeof schema === 'object') add(name, 'query', required.includes(name), schema)
  }
  for (const [name, { description, ...rest }] of Object.entries(headers ?? {}))
    found.push({ name, in: 'header', required: false, description, schema: { type: 'string' }, ...rest })
  return found
}

function describeRefusals({ refusal }: Components, operation: Operation): DescribedOperation['responses'] {
  const described: DescribedOperation['responses'] = {}
  const byStatus = Map.groupBy(refusalsOf(operation), (code) => statuses[code].status)
  for (const [status, codes] of byStatus) {
    const title = codes.map((code) => statuses[code].title).join('; ')
    described[status] = refusal(status, title, codes)
  }
  if (operation.access === 'probe') {
    const title = 'The request is not HTTP or did not arrive in time'
    described['4XX'] = refusal('4XX', title, ['bad_request', 'request_timeout'])
  }
  if (operation.readsSource) {
    const codes = runErrorCodes.filter((code) => !isRequestCode(code))
    described[502] = refusal(502, 'The databases could not be compared; the code is one of a run', codes)
  }
  return described
}

function describeAnswers({ toSchema, toMedia }: Components, { answers }: Operation): DescribedOperation['responses'] {
  const described: DescribedOperation['responses'] = {}
  for (const [status, { description, content, headers, events }] of Object.entries(answers)) {
    described[status] = {
      description,
      ...(headers && { headers: toHeaders(headers) }),
      ...(content && { content: toMedia(content, 'output') }),
      ...(events && {
        'x-events': Object.fromEntries(
          Object.entries(events).map(([name, { description, schema }]) => [
            name,
            { description, schema: toSchema(schema, 'output') },
          ]),
        ),
      }),
    }
  }
  return described
}

const refusalHeaders: Record<string, Record<string, string>> = {
  401: { 'WWW-Authenticate': 'Bearer' },
  405: { Allow: 'The methods of the path' },
  429: { 'Retry-After': 'Seconds to wait' },
}

function toHeaders(headers: Record<string, string>): Record<string, { description: string; schema: Schema }> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

/** Returns the error codes of a route: those that follow from its input and its scope, and its own. */
function refusalsOf({ access, scope, pathId, query, body, refusals = [] }: Operation): RequestErrorCode[] {
  const codes: RequestErrorCode[] = []
  if (query || body) codes.push('bad_request')
  if (scope !== null) codes.push('unauthorized', 'too_many_requests', 'forbidden_scope', 'database_unavailable')
  if (access !== 'probe') codes.push('forbidden_host', 'forbidden_origin', 'unavailable')
  if (pathId) codes.push('not_found')
  if (body) codes.push('request_timeout', 'too_large')
  return [...new Set([...codes, ...refusals, 'internal' as const])]
}

/** Removes the bounds of safe integers, and adds the default where a text is transformed to a number. */
function adjust({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Schema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  const given = z.globalRegistry.get(zodSchema)?.default
  if (typeof given === 'number') jsonSchema.default = given
}
