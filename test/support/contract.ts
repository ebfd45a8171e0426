import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { DescribedOperation, Description } from '../../src/http/openapi-types.ts'

/** What an agent answered, as it came. */
export type Answer = { status: number; type: string; headers: Headers; body: unknown }

/** Holds answers of a live agent against its own description. */
export type Contract = {
  description: Description
  /** Fails unless the description has this answer for the route, with these headers and a body of this shape. */
  hold: (method: string, path: string, answer: Answer) => void
  /** Every answer that was held, as `get /api/status 200`. */
  held: Set<string>
  /** Fails unless the value fits the schema at this place of the description. */
  fits: (pointer: string, value: unknown) => void
}

export function createContract(description: Description): Contract {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(description, 'api')
  const held = new Set<string>()

  const fits = (pointer: string, value: unknown) => {
    const valid = ajv.validate({ $ref: `api#${encodeURI(pointer)}` }, value)
    assert.ok(valid, `${pointer}: ${ajv.errorsText()} in ${JSON.stringify(value)?.slice(0, 500)}`)
  }

  return {
    description,
    held,
    fits,
    hold: (method, path, { status, type, headers, body }) => {
      const place = `${method} ${path} ${status}`
      const at = placeOf(description, { method, path, status })
      assert.ok(at, `${place} is not described: ${JSON.stringify(body)?.slice(0, 500)}`)
      for (const name of Object.keys(at.response.headers ?? {}))
        assert.ok(headers.has(name), `${place} without ${name}`)
      const content = at.response.content
      if (!content) assert.equal(body, '', place)
      else {
        assert.ok(content[type], `${place} has the type ${type}`)
        fits(`${at.pointer}/content/${escaped(type)}/schema`, body)
      }
      held.add(`${method} ${path} ${at.key}`)
    },
  }
}

/** All answers that the description knows, as `held` writes them. */
export function describedAnswers({ paths }: Description): string[] {
  return operationsOf(paths).flatMap(({ method, path, operation }) =>
    Object.keys(operation.responses).map((status) => `${method} ${path} ${status}`),
  )
}

export function operationsOf(paths: Description['paths']) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
}

function placeOf(
  { paths, components }: Description,
  { method, path, status }: { method: string; path: string; status: number },
) {
  const operation = operationsOf(paths).find((one) => one.path === path && one.method === method)?.operation
  const key = [String(status), `${Math.floor(status / 100)}XX`].find((one) => operation?.responses[one] !== undefined)
  const response: DescribedOperation['responses'][string] | undefined = operation?.responses[key ?? '']
  if (!response) return null
  if (!('$ref' in response)) return { response, key, pointer: `/paths/${escaped(path)}/${method}/responses/${key}` }
  const name = response.$ref.split('/').at(-1) ?? ''
  const shared = components.responses[name]
  return shared ? { response: shared, key, pointer: `/components/responses/${name}` } : null
}

/** A key as a JSON Pointer has it. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
