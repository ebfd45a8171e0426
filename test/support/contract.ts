import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { DescribedOperation, Description } from '../../src/http/openapi-types.ts'

/** An answer of an agent. */
export type Answer = { status: number; type: string; headers: Headers; body: unknown }

/** Compares the answers of an agent with its own description. */
export type Contract = {
  description: Description
  /** Fails unless the description has this answer for the route, with these headers and a body of this shape. */
  check: (method: string, path: string, answer: Answer) => void
  /** Every answer that was checked, as `get /api/status 200`. */
  checked: Set<string>
  /** Fails unless the value fits the schema at this place of the description. */
  fits: (pointer: string, value: unknown) => void
}

export function createContract(description: Description): Contract {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(description, 'api')
  const checked = new Set<string>()

  const fits = (pointer: string, value: unknown) => {
    const valid = ajv.validate({ $ref: `api#${encodeURI(pointer)}` }, value)
    assert.ok(valid, `${pointer}: ${ajv.errorsText()} in ${JSON.stringify(value)?.slice(0, 500)}`)
  }

  return {
    description,
    checked,
    fits,
    check: (method, path, { status, type, headers, body }) => {
      const answer = `${method} ${path} ${status}`
      const place = placeOf(description, { method, path, status })
      assert.ok(place, `${answer} is not described: ${JSON.stringify(body)?.slice(0, 500)}`)
      for (const name of Object.keys(place.response.headers ?? {}))
        assert.ok(headers.has(name), `${answer} without ${name}`)
      const content = place.response.content
      if (!content) assert.equal(body, '', answer)
      else {
        assert.ok(content[type], `${answer} has the type ${type}`)
        fits(`${place.pointer}/content/${escaped(type)}/schema`, body)
      }
      checked.add(`${method} ${path} ${place.key}`)
    },
  }
}

/** Returns all answers that the description has, in the form of `checked`. */
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

/** Returns a key as a JSON Pointer writes it. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
