import type { CallToolResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { AgentError } from '../lib/errors.ts'
import { RunStateError } from '../wire/run-state-error.ts'
import { run } from '../wire/schemas.ts'

/**
 * Returns the result of a call: the content in the shapes of the wire, and the same as JSON text for clients that read only
 * text. All content of meters and databases is a value within that JSON (F27).
 */
export function answer(content: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(content) }], structuredContent: content }
}

/**
 * The shape of an error. It is part of the output schema of every tool, because many clients validate errors against that
 * schema too, and would show the mismatch instead of the hint.
 */
export const errorShape = z
  .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
  .meta({ id: 'Refusal' })

/** The shape of an error that carries a run. Only tools that act on runs use it, because the schema of a run is long. */
export const runErrorShape = errorShape.extend({ run: run.exactOptional() }).meta({ id: 'RunRefusal' })

/** Returns the result of a call that failed, with `isError`: `code`, `message` and `hint`, and `run` where there is one. */
export function errorAnswer(error: AgentError): CallToolResult {
  const { code, message, hint } = error
  return {
    ...answer({ code, message, hint, ...(error instanceof RunStateError && { run: error.run }) }),
    isError: true,
  }
}
