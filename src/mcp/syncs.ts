import { z } from 'zod'
import type { Agent, Caller } from '../agent.ts'
import { changeCursor, cursorText, rejectedCursor, runCursor } from '../wire/cursors.ts'
import { clientSystemId } from '../wire/requests.ts'
import { next, operation, preview, rejected, run, runStatus } from '../wire/schemas.ts'
import { RunRefusal, runRefusalShape } from './answers.ts'
import { fitting, fittingPage } from './fitting.ts'
import {
  changeRow,
  fullChange,
  previewRow,
  rejectedRow,
  runRow,
  statusWithVerdicts,
  toChangeRow,
  toPreviewRow,
  toRejectedRow,
  toRunRow,
  withVerdicts,
} from './rows.ts'
import { type AddTool, detail, limit, reads, rowsOf } from './tool.ts'

const runId = z.uuid().meta({ pattern: undefined, description: 'The id of a run' })

/** The tools for the status, syncs and their runs. */
export function addSyncTools(add: AddTool, agent: Agent, caller: Caller): void {
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
}
