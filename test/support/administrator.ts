import assert from 'node:assert/strict'
import type { Description } from '../../src/http/openapi-types.ts'
import type { Answer, Contract } from './contract.ts'
import type { TestAgent } from './world.ts'

const token = 'a-token-of-the-administrator'
const headers = { authorization: `Bearer ${token}` }

/** The administrator of an agent that has this token as its AUTH_TOKEN. */
export const administrator = {
  token,
  headers,
  /** Returns the body of a GET request, and fails unless it succeeded. */
  api: async <Body>(agent: TestAgent, path: string): Promise<Body> => {
    const { status, body } = await agent.api<Body>(path, { headers })
    assert.equal(status, 200)
    return body
  },
  /** Returns the description of the API. */
  describe: (agent: TestAgent) => administrator.api<Description>(agent, '/openapi.json'),
}

/** `path` has a placeholder for `id`; `search` begins with its question mark. */
export type RequestOptions = {
  id?: string | number
  search?: string
  body?: string
  headers?: Record<string, string>
}

export type Request = (method: string, path: string, options?: RequestOptions) => Promise<Answer>

/** Returns a function that sends requests of the administrator, and fails unless the answer is as the contract describes it. */
export function createRequest(agent: Pick<TestAgent, 'url'>, contract: Contract): Request {
  return async (method, path, { id = '', search = '', body, headers: added = {} } = {}) => {
    const leaving = new AbortController()
    const response = await fetch(`${agent.url}${path.replace('{id}', String(id))}${search}`, {
      method: method.toUpperCase(),
      headers: { ...headers, ...added },
      signal: leaving.signal,
      ...(body !== undefined && { body }),
    })
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const isEndless = method === 'get' && type === 'text/event-stream'
    const text = isEndless ? '' : await response.text()
    if (isEndless) leaving.abort()
    const parsed: unknown = type.endsWith('json') ? JSON.parse(text) : text
    const answer = { status: response.status, type, headers: response.headers, body: parsed }
    contract.check(method, path, answer)
    return answer
  }
}
