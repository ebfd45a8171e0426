import fc from 'fast-check'
import type { DescribedOperation, Description, Schema } from '../../src/http/openapi-types.ts'
import { operationsOf } from './contract.ts'

/** A request of one operation, with values that fit its description and values that do not. */
export type GeneratedRequest = {
  method: string
  /** As the description writes it. */
  path: string
  /** As it is sent, with the query. */
  target: string
  headers: Record<string, string>
  body: string | undefined
}

/** Values that exist, so that requests reach the code behind the checks: by the name of a parameter, or a path. */
export type Known = { ids: (path: string) => readonly string[]; cursors: readonly string[]; clientSystemId: string }

export type JsonSchema = Schema | boolean

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

/** Texts that broke some program once. */
const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '\0',
      '\u3000',
      '%',
      '%00',
      '\\',
      "'",
      '"',
      '--',
      '../..',
      '-0',
      '-1',
      '1e999',
      'NaN',
      'null',
      'undefined',
    ],
    ...[
      '9007199254740993',
      '999999999999999',
      '99999999999999999999',
      '0x10',
      'infinity',
      '\ud800',
      '\u202e',
      '__proto__',
      'constructor',
      '[object]',
    ],
    ...[
      '0000-01-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '9999-12-31T23:59:59-14:00',
      '2026-01-31T12:00:00+15:59',
      'x'.repeat(3_000),
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)
const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  hostile,
  fc.jsonValue({ maxDepth: 3 }),
  fc.double(),
  fc.maxSafeInteger(),
)
const rawBody = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '{',
    '[]',
    '[[]]',
    'null',
    '1',
    '"text"',
    '\ufeff{}',
    '{"a":1}{"a":1}',
    '{}\n{}',
    nested(5_000),
  ),
  fc.string({ unit: 'binary', maxLength: 50 }),
  hostileJson.map((value) => JSON.stringify(value) ?? ''),
)

/** Generates mostly values of `fitting`, and sometimes values of `other`. */
const mostly = <One, Other>(
  fitting: fc.Arbitrary<One>,
  other: fc.Arbitrary<Other>,
  weight = 4,
): fc.Arbitrary<One | Other> => fc.oneof({ weight, arbitrary: fitting }, { weight: 1, arbitrary: other })

/** Returns an arbitrary of requests over all operations of a description, each as likely as the others. */
export function requestsOf(description: Description, known: Known): fc.Arbitrary<GeneratedRequest> {
  const makeValue = createMakeValue(description.components.schemas, known)
  const operations = operationsOf(description.paths).map(({ method, path, operation }) =>
    fc
      .record({
        id: idOf(path, known),
        search: searchOf(operation, { makeValue, known }),
        headers: headersOf(operation),
        body: bodyOf(operation, makeValue),
      })
      .map(({ id, search, headers, body }) => {
        const target = path.replace('{id}', encodeURIComponent(id.toWellFormed()))
        return { method, path, target: search === '' ? target : `${target}?${search}`, headers, body }
      }),
  )
  return fc.oneof(...operations)
}

function idOf(path: string, known: Known): fc.Arbitrary<string> {
  const ids = known.ids(path)
  // Dots would make another path, and an empty id another route.
  const unknown = fc
    .oneof(hostile, fc.uuid(), fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String))
    .filter((id) => !/^\.{0,2}$/.test(id))
  return ids.length > 0 ? mostly(fc.constantFrom(...ids), unknown) : unknown
}

type MakeValue = (schema: JsonSchema) => fc.Arbitrary<unknown>

function searchOf(operation: DescribedOperation, { makeValue, known }: { makeValue: MakeValue; known: Known }) {
  const pairs = (operation.parameters ?? [])
    .filter(({ in: place }) => place === 'query')
    .map(({ name, schema }) => {
      const isCursor = name === 'before' || name === 'after'
      const fitting = isCursor ? cursorOf(known.cursors) : makeValue(schema).map(textOf)
      const values = fc.array(mostly(fitting, hostile), { maxLength: 2 })
      return mostly(fc.constant<string[]>([]), values, 1).map((texts) =>
        texts.map((text): [string, string] => [name, text]),
      )
    })
  const unknown = mostly(
    fc.constant<[string, string][]>([]),
    fc.array(fc.tuple(hostile, hostile), { maxLength: 1 }),
    12,
  )
  return fc
    .tuple(unknown, ...pairs)
    .map(
      (found) => new URLSearchParams(found.flat().map(([name, text]): [string, string] => [name, text.toWellFormed()])),
    )
    .map(String)
}

/** A cursor of a real page, perhaps of another list, or a forged one. */
function cursorOf(cursors: readonly string[]): fc.Arbitrary<string> {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')
  const forged = fc.oneof(
    hostileJson,
    fc.record({ at: hostile, runId: fc.uuid(), quantity: hostile, queuedAt: hostile, id: hostile }),
  )
  return fc.oneof(fc.constantFrom(...cursors), forged.map(encode))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function headersOf(operation: DescribedOperation): fc.Arbitrary<Record<string, string>> {
  const printable = fc
    .string({ unit: 'binary-ascii', maxLength: 20 })
    .map((text) => text.replace(/[^\x20-\x7e]/g, '').trim())
  const described = (operation.parameters ?? [])
    .filter(({ in: place }) => place === 'header')
    .map(({ name, example }) => [name, mostly(fc.constant(String(example ?? '1')), printable)] as const)
  return fc.record(
    {
      accept: fc.constantFrom('application/json, text/event-stream', 'application/json', '*/*', 'nonsense'),
      'content-type': mostly(
        fc.constant('application/json'),
        fc.constantFrom('text/plain', 'application/x-ndjson', 'nonsense'),
      ),
      'sec-fetch-site': mostly(fc.constant('same-origin'), fc.constantFrom('cross-site', 'none', 'nonsense'), 12),
      ...Object.fromEntries(described),
    },
    { requiredKeys: ['accept', 'content-type'] },
  )
}

function bodyOf({ requestBody }: DescribedOperation, makeValue: MakeValue): fc.Arbitrary<string | undefined> {
  if (!requestBody) return fc.constant(undefined)
  const written = Object.entries(requestBody.content).map(([type, { schema, example }]) => {
    const value = example === undefined ? makeValue(schema) : fc.oneof(makeValue(schema), fc.constant(example))
    const text = value.map((one) => JSON.stringify(one) ?? '')
    return type.endsWith('ndjson')
      ? fc.array(mostly(text, rawBody), { maxLength: 5 }).map((lines) => lines.join('\n'))
      : text
  })
  return mostly(fc.oneof(...written), fc.option(rawBody, { nil: undefined }))
}

/** Returns arbitraries of values for schemas: most fit, but parts of them are missing, hostile or too much. */
export function createMakeValue(schemas: Record<string, JsonSchema>, known: Pick<Known, 'clientSystemId'>): MakeValue {
  const makeValue: MakeValue = (schema) => mostly(fittingOf(schema), hostileJson, 8)

  function fittingOf(schema: JsonSchema): fc.Arbitrary<unknown> {
    if (typeof schema === 'boolean') return hostileJson
    const { $ref, enum: choices, const: only, type, format } = schema
    const alternatives = schema.anyOf ?? schema.oneOf
    if ($ref) return fittingOf(schemas[$ref.split('/').at(-1) ?? ''] ?? true)
    if (only !== undefined) return fc.constant(only)
    if (choices) return fc.constantFrom(...choices)
    if (alternatives) return fc.oneof(...alternatives.map((one) => fittingOf(one)))
    if (type === 'boolean') return fc.boolean()
    if (type === 'integer') return fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 2 ** 31 })
    if (type === 'number') return fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
    if (type === 'array') return fc.array(makeValue(itemsOf(schema)), { maxLength: 4 })
    if (type === 'object') return objectOf(schema)
    if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
    if (format === 'uuid') return fc.uuid()
    return fc.oneof(fc.constantFrom('1', '2', known.clientSystemId), fc.string({ maxLength: 10 }))
  }

  function objectOf(schema: Schema): fc.Arbitrary<unknown> {
    const properties = Object.entries(schema.properties ?? {}).map(([name, one]) => {
      const fitting = name === 'clientSystemId' ? fc.constant(known.clientSystemId) : makeValue(one)
      return [name, fitting] as const
    })
    const required = mostly(fc.constant<string[]>([...(schema.required ?? [])]), fc.constant<string[]>([]))
    const whole = required.chain((requiredKeys) => fc.record(Object.fromEntries(properties), { requiredKeys }))
    return mostly(
      whole,
      fc.tuple(whole, hostile, hostileJson).map(([one, key, value]) => ({ ...one, [key]: value })),
      12,
    )
  }

  return makeValue
}

function itemsOf({ items }: Schema): JsonSchema {
  return typeof items === 'object' && !Array.isArray(items) ? items : true
}
