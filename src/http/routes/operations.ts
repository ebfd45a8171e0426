import { meterOperations } from './meters.ts'
import type { Operation } from './operation.ts'
import { runOperations } from './runs.ts'
import { serviceOperations } from './service.ts'

/** Every route, as the API's description has it. */
export const operations: readonly Operation[] = [...runOperations, ...meterOperations, ...serviceOperations]

const patterns = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replaceAll('.', '\\.').replace('{id}', '[^/]+')}$`),
}))

/** The operations of a path, one a method. */
export function operationsAt(path: string): Operation[] {
  if (path === '/mcp/') return operationsAt('/mcp')
  return patterns.flatMap(({ operation, pattern }) => (pattern.test(path) ? [operation] : []))
}

/** The operation that a request asks for, or null when there is none. HEAD asks for what GET does. */
export function operationOf(method: string, path: string): Operation | null {
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase()
  return operationsAt(path).find((operation) => operation.method === asked) ?? null
}
