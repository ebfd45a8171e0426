import type { CallToolResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { AgentError } from '../lib/errors.ts'
import { run } from '../wire/schemas.ts'
import type { Run } from '../wire/types.ts'

/** A refusal because of the state of a run, which the answer carries. */
export class RunRefusal extends AgentError<'run_active' | 'run_finished'> {
  readonly run: Run

  constructor(code: 'run_active' | 'run_finished', message: string, { hint, run }: { hint: string; run: Run }) {
    super(code, message, { hint })
    this.run = run
  }
}

/**
 * What a tool answers: the wire shape, and the same as text for clients that read only text. Whatever meters and
 * databases say is a value within JSON, never prose (F27).
 */
export function answer(content: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(content) }], structuredContent: content }
}

/**
 * The shape of an error. It belongs to what a tool says it answers: many clients hold an error against the output schema
 * too, and would show its mismatch in place of the hint.
 */
export const refusalShape = z
  .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
  .meta({ id: 'Refusal' })

/** The same for a tool that acts on runs; the others do not need its schema, which is half of their description. */
export const runRefusalShape = refusalShape.extend({ run: run.exactOptional() }).meta({ id: 'RunRefusal' })

/** An error as a tool returns it: `code`, `message` and `hint`, and `run` where one is meant. */
export function refusal(error: AgentError): CallToolResult {
  const { code, message, hint } = error
  return { ...answer({ code, message, hint, ...(error instanceof RunRefusal && { run: error.run }) }), isError: true }
}
