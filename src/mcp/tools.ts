import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Agent, Caller } from '../agent.ts'
import { AgentError, describeIssues, NotFoundError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { toAgentError } from '../lib/to-agent-error.ts'
import {
  changeCursor,
  cursorText,
  hasOrderOfCursor,
  historyCursor,
  meterCursor,
  orderOfCursor,
  readingCursor,
  rejectedCursor,
  runCursor,
} from '../wire/cursors.ts'
import { meterOrders, meterSorts } from '../wire/lists.ts'
import { clientSystemId, searchedText, time } from '../wire/requests.ts'
import {
  collectionState,
  flaggedReading,
  meter,
  next,
  operation,
  preview,
  rejected,
  run,
  runStatus,
  total,
  totalIsExact,
} from '../wire/schemas.ts'
import type { Scope } from '../wire/types.ts'
import { answer, RunRefusal, refusal, refusalShape, runRefusalShape } from './answers.ts'
import { addCollectionTools } from './collection.ts'
import { fitting, fittingPage } from './fitting.ts'
import { describeOutput } from './output.ts'
import {
  changeRow,
  fullChange,
  historyRow,
  meterRow,
  previewRow,
  rejectedRow,
  runRow,
  statusWithVerdicts,
  toChangeRow,
  toHistoryRow,
  toMeterRow,
  toPreviewRow,
  toRejectedRow,
  toRunRow,
  withVerdicts,
} from './rows.ts'
import { limit, meterId, reads, type Tool } from './tool.ts'

const runId = z.uuid().meta({ pattern: undefined, description: 'The id of a run' })
const detail = z.enum(['compact', 'full']).default('compact').describe('full: every field of each item')
type Detail = z.infer<typeof detail>
const rowsOf =
  <Item, Row>(detail: Detail, toRow: (item: Item) => Row) =>
  (item: Item): Item | Row =>
    detail === 'full' ? item : toRow(item)

export type ToolOptions = {
  agent: Agent
  log: Log
  caller: Caller
  /** Hears of every call until it is answered. */
  during?: <Answer>(work: Promise<Answer>) => Promise<Answer>
}

/** Registers what an assistant can ask and do: the actions of the API, but none that takes SQL or approves deletions. */
export function addTools(server: McpServer, { agent, log, caller, during = (work) => work }: ToolOptions): void {
  const calls = new Map<string, (input: unknown, signal: AbortSignal) => Promise<CallToolResult>>()

  function add<Input, Output extends Record<string, unknown>>(name: string, tool: Tool<Input, Output>): void {
    const { title, description, annotations, input, output, scope } = tool
    const call = async (given: unknown, signal: AbortSignal) => {
      try {
        requireScope(caller, scope)
        return answer(await tool.run(accept(input, given), signal))
      } catch (thrown) {
        return refusal(pointed(toAgentError(thrown, log, { tool: name })))
      }
    }
    calls.set(name, call)
    const outputSchema = describeOutput(z.union([output, tool.refusal ?? refusalShape]))
    const described = { title, description, annotations, inputSchema: input, outputSchema, _meta: { scope } }
    server.registerTool(name, described, (given, { mcpReq }) => call(given, mcpReq.signal))
  }

  add('get_sync_status', {
    title: 'Sync status',
    scope: 'read',
    description:
      'How the meters stand. For each Client System: the verdict with what to do next, the active run, the last run, the last success and failure, the numbers of meters, and how fresh they are.',
    input: z.strictObject({}),
    output: statusWithVerdicts,
    annotations: reads,
    run: async () => withVerdicts(await agent.status()),
  })

  add('start_meter_sync', {
    title: 'Start a meter sync',
    scope: 'operate',
    description:
      'Starts a sync of the meters with the Client System and returns its run at once; the run goes on by itself. Follow it with get_sync_run. While a run is active it answers run_active with that run. Deletions that look like an accident are withheld; a person approves them on the page or the command line.',
    input: z.strictObject({
      clientSystemId,
      full: z.boolean().default(false).describe('Read every meter, not only where something differs; rarely needed'),
    }),
    output: z.object({ run }),
    refusal: runRefusalShape,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    run: async ({ clientSystemId = null, full }) => {
      const request = {
        clientSystemId,
        full,
        approveDeletes: null,
        approveDigest: null,
        trigger: 'mcp',
        requestedBy: caller.name,
      } as const
      const { run, created } = await agent.trigger(request)
      if (created) return { run }
      const hint = 'Follow the active run with get_sync_run; a new one can start when it has ended'
      throw new RunRefusal('run_active', 'A sync of this Client System is active', { hint, run })
    },
  })

  add('preview_meter_sync', {
    title: 'Preview a meter sync',
    scope: 'operate',
    description:
      'Compares with the Client System and returns what a sync would do now, with the first changes by external id; counts has them all. Writes nothing. While a run is active it answers run_active with that run.',
    input: z.strictObject({
      clientSystemId,
      detail,
      limit: limit.describe('How many changes at most, of the first 100'),
    }),
    output: preview.extend({ changes: z.array(z.union([previewRow, fullChange])) }),
    refusal: runRefusalShape,
    annotations: reads,
    run: async ({ clientSystemId = null, detail, limit }, signal) => {
      const answer = await agent.preview(clientSystemId, signal)
      if ('preview' in answer) {
        const changes = answer.preview.changes.slice(0, limit)
        return { ...answer.preview, changes: fitting(changes.map(rowsOf(detail, toPreviewRow))) }
      }
      const hint = 'A preview compares with meters at rest; ask again when the run has ended'
      throw new RunRefusal('run_active', 'A sync of this Client System is active', { hint, run: answer.active })
    },
  })

  add('cancel_sync_run', {
    title: 'Cancel a sync run',
    scope: 'operate',
    description: 'Ends an active run as cancelled. The work stops, and no meter was changed.',
    input: z.strictObject({ runId }),
    output: z.object({ run }),
    refusal: runRefusalShape,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    run: async ({ runId }) => {
      const { run, cancelled } = await agent.cancel(runId)
      if (cancelled) return { run }
      throw new RunRefusal('run_finished', `The run has ${run.status}`, { hint: 'A finished run stays as it is', run })
    },
  })

  add('list_sync_runs', {
    title: 'List sync runs',
    scope: 'read',
    description: 'The runs of a Client System, newest first. Compact rows; get_sync_run returns all of one.',
    input: z.strictObject({
      clientSystemId,
      status: runStatus.optional(),
      detail,
      limit,
      before: runCursor,
    }),
    output: z.object({ runs: z.array(z.union([runRow, run])), next }),
    annotations: reads,
    run: async ({ clientSystemId = null, status = null, detail, before, limit }) => {
      const { items, next } = await fittingPage(limit, rowsOf(detail, toRunRow), (limit) =>
        agent.runs({ clientSystemId, status, trigger: null, from: null, to: null, before, limit }),
      )
      return { runs: items, next: cursorText(next) }
    },
  })

  add('get_sync_run', {
    title: 'Sync run',
    scope: 'read',
    description: 'One run: its state, its counts when it succeeded, its error with a hint when it did not.',
    input: z.strictObject({ runId }),
    output: run,
    annotations: reads,
    run: ({ runId }) => agent.run(runId),
  })

  add('list_meter_changes', {
    title: 'Changes of a sync run',
    scope: 'read',
    description:
      'What one run changed, by external id, with the old and the new values; withheld deletions are among them, the first 1,000.',
    input: z.strictObject({ runId, operation: operation.optional(), detail, limit, after: changeCursor }),
    output: z.object({ changes: z.array(z.union([changeRow, fullChange])), next }),
    annotations: reads,
    run: async ({ runId, operation = null, detail, after, limit }) => {
      const { items, next } = await fittingPage(limit, rowsOf(detail, toChangeRow), (limit) =>
        agent.changes(runId, { operation, after, limit }),
      )
      return { changes: items, next: cursorText(next) }
    },
  })

  add('list_rejected_rows', {
    title: 'Rejected rows of a sync run',
    scope: 'read',
    description:
      'The rows of the Client System that one run could not use, each with its reason: the first 1,000, kept for 7 days and for the latest run. detail: full adds their values.',
    input: z.strictObject({ runId, detail, limit, after: rejectedCursor }),
    output: z.object({ rejected: z.array(z.union([rejectedRow, rejected])), next }),
    annotations: reads,
    run: async ({ runId, detail, after, limit }) => {
      const { items, next } = await fittingPage(limit, rowsOf(detail, toRejectedRow), (limit) =>
        agent.rejected(runId, { after: after ?? 0, limit }),
      )
      return { rejected: items, next: cursorText(next) }
    },
  })

  add('find_meters', {
    title: 'Find meters',
    scope: 'read',
    description:
      'The meters that match a search and filters; an exact external id or serial number comes first. get_meter returns all of one.',
    input: z
      .strictObject({
        clientSystemId,
        q: searchedText.optional().describe('Words within id, name, serial number or location'),
        state: z.enum(['active', 'inactive', 'all']).default('all'),
        kind: searchedText.optional().describe('Exactly'),
        location: searchedText.optional().describe('Exactly'),
        collection: collectionState.optional(),
        sort: z.enum(meterSorts).default('externalId'),
        order: z.enum(meterOrders).default('asc'),
        detail,
        limit,
        after: meterCursor,
      })
      .refine(hasOrderOfCursor, orderOfCursor),
    output: z.object({ meters: z.array(z.union([meterRow, meter])), total, totalIsExact, next }),
    annotations: reads,
    run: async ({ clientSystemId = null, q = null, detail, limit, ...asked }) => {
      const { kind = null, location = null, collection = null, ...rest } = asked
      const filter = { ...rest, clientSystemId, search: q, kind, location, collection }
      const { items, total, totalIsExact, next } = await fittingPage(limit, rowsOf(detail, toMeterRow), (limit) =>
        agent.meters({ ...filter, limit }),
      )
      return { meters: items, total, totalIsExact, next: cursorText(next) }
    },
  })

  add('get_meter', {
    title: 'Meter',
    scope: 'read',
    description:
      'One meter as it is now, and what the runs changed of it, newest first. Takes either meterId or externalId.',
    input: z.strictObject({
      meterId: meterId.optional(),
      externalId: searchedText.optional().describe('Its key in the Client System, in place of meterId'),
      clientSystemId,
      detail,
      limit: limit.describe('How many changes at most; large ones end a page sooner, and next goes on'),
      before: historyCursor,
    }),
    output: z.object({ meter, history: z.object({ changes: z.array(z.union([historyRow, fullChange])), next }) }),
    annotations: reads,
    run: async ({ meterId, externalId, clientSystemId = null, detail, before, limit }) => {
      if ((meterId === undefined) === (externalId === undefined)) {
        throw new AgentError('bad_request', 'The input must have either meterId or externalId', {
          hint: 'Name the meter by one of them',
        })
      }
      const meter =
        externalId === undefined
          ? await agent.meter(meterId ?? 0)
          : await agent.meterByExternalId(clientSystemId, externalId)
      const { items, next } = await fittingPage(limit, rowsOf(detail, toHistoryRow), (limit) =>
        agent.history(meter.id, { before, limit }),
      )
      return {
        meter,
        history: { changes: items, next: cursorText(next) },
      }
    },
  })

  add('get_meter_readings', {
    title: 'Meter readings',
    scope: 'read',
    description: 'What collectors read from a meter, newest first, with flags for what may be wrong.',
    input: z.strictObject({
      meterId,
      from: time.describe('Readings from this time on'),
      to: time.describe('Readings before this time'),
      limit,
      before: readingCursor,
    }),
    output: z.object({ readings: z.array(flaggedReading), next }),
    annotations: reads,
    run: async ({ meterId, from = null, to = null, before, limit }) => {
      const { items, next } = await fittingPage(
        limit,
        (one) => one,
        (limit) => agent.readings(meterId, { from, to, before, limit }),
      )
      return { readings: items, next: cursorText(next) }
    },
  })

  addCollectionTools(add, agent)

  // The library answers a wrong name or input with prose, or with an error of the protocol that few assistants are shown.
  server.server.setRequestHandler('tools/call', async ({ params: { name, arguments: given = {} } }, { mcpReq }) => {
    const call = calls.get(name)
    if (call) return await during(call(given, mcpReq.signal))
    const hint = `Call one of: ${[...calls.keys()].join(', ')}`
    return refusal(new AgentError('not_found', `There is no tool ${JSON.stringify(name)}`, { hint }))
  })
}

function accept<Input>(schema: z.ZodType<Input>, given: unknown): Input {
  const judged = schema.safeParse(given)
  if (judged.success) return judged.data
  throw new AgentError('bad_request', `The input is wrong: ${describeIssues(judged.error.issues)}`, {
    hint: 'Correct the input and call the tool again',
  })
}

/** Throws `forbidden_scope` when the token of the assistant does not have the scope. */
function requireScope({ scopes }: Caller, scope: Scope): void {
  if (scopes.includes(scope)) return
  const hint = `The token of this assistant has ${scopes.join(', ')}; a person can give it one that has ${scope} too`
  throw new AgentError('forbidden_scope', `This tool needs the scope ${scope}`, { hint })
}

/** An assistant has tools, not routes. */
function pointed(error: AgentError): AgentError {
  if (!(error instanceof NotFoundError)) return error
  const hint = error.what === 'run' ? 'list_sync_runs lists the runs' : 'find_meters finds meters'
  return new AgentError('not_found', error.message, { hint, cause: error })
}
