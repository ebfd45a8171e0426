import type { ToolAnnotations } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Agent, Caller } from '../agent.ts'
import { AgentError, describeIssues } from '../lib/errors.ts'
import type { Scope } from '../wire/types.ts'
import { errorShape } from './answers.ts'
import { describeOutput } from './output.ts'

/** All four hints are given, because the defaults of the protocol are pessimistic. */
type Annotations = Required<Omit<ToolAnnotations, 'title'>>

/** Every tool has access to the two databases only, so none has an open world. */
export const readOnly: Annotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}

/** What a handler uses besides its input. */
export type ToolContext = {
  agent: Agent
  /** The assistant. A run that it starts stores its name. */
  caller: Caller
  /** Aborts when the client cancels the call or disconnects. */
  signal: AbortSignal
}

type Definition<Input, Output> = {
  name: string
  title: string
  description: string
  /** The scope that a token needs to call it. */
  scope: Scope
  annotations: Annotations
  input: z.ZodType<Input>
  output: z.ZodType<Output>
  /** The shape of its errors, where they carry a run. */
  error?: z.ZodType
  handle: (input: Input, context: ToolContext) => Output | Promise<Output>
}

/** A tool of assistants: described by its schemas and served by `call`. */
export type Tool = Pick<Definition<never, never>, 'name' | 'title' | 'description' | 'scope' | 'annotations'> & {
  inputSchema: z.ZodType
  outputSchema: ReturnType<typeof describeOutput>
  /** Throws `bad_request` where the input does not match its schema, and what the handler throws. */
  call: (input: unknown, context: ToolContext) => Promise<Record<string, unknown>>
}

/** Defines a tool in one place: its description, what it takes and returns, the scope that it needs, and its handler. */
export function tool<Input, Output extends Record<string, unknown>>({
  input: inputSchema,
  output,
  error = errorShape,
  handle,
  ...rest
}: Definition<Input, Output>): Tool {
  return {
    ...rest,
    inputSchema,
    outputSchema: describeOutput(z.union([output, error])),
    call: async (input, context) => await handle(parseInput(inputSchema, input), context),
  }
}

function parseInput<Input>(schema: z.ZodType<Input>, input: unknown): Input {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new AgentError('bad_request', `The input is invalid: ${describeIssues(parsed.error.issues)}`, {
    hint: 'Correct the input and call the tool again',
  })
}
