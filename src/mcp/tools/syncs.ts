import { z } from 'zod'
import { clientSystemId } from '../../wire/requests.ts'
import { runActiveError, runFinishedError } from '../../wire/run-state-error.ts'
import { preview, run } from '../../wire/schemas.ts'
import { firstThatFit } from '../answer-size.ts'
import { runErrorShape } from '../answers.ts'
import { fullChange, previewRow, toPreviewRow } from '../rows.ts'
import { readOnly, type Tool, tool } from '../tool.ts'
import { statusWithVerdicts, withVerdicts } from '../verdict.ts'
import { detail, limit, rowsOf, runId } from './inputs.ts'

/** The tools that read the status and that start, preview and cancel a sync. */
export const syncTools: readonly Tool[] = [
  tool({
    name: 'get_sync_status',
    title: 'Sync status',
    scope: 'read',
    annotations: readOnly,
    description:
      'The state of the meters. For each Client System: the verdict with what to do next, the active run, the last run, the last success and failure, the numbers of meters, and how fresh they are.',
    input: z.strictObject({}),
    output: statusWithVerdicts,
    handle: async (_, { agent }) => withVerdicts(await agent.status()),
  }),
  tool({
    name: 'start_meter_sync',
    title: 'Start a meter sync',
    scope: 'operate',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    description:
      'Starts a sync of the meters with the Client System and returns its run at once; the run continues in the background. Follow it with get_sync_run. While a run is active, returns the error run_active with that run. Deletions that look like an accident are withheld; a person approves them on the page or the command line.',
    input: z.strictObject({
      clientSystemId,
      full: z.boolean().default(false).describe('Read every meter, not only where something differs; rarely needed'),
    }),
    output: z.object({ run }),
    error: runErrorShape,
    handle: async ({ clientSystemId, full }, { agent, caller }) => {
      const { run, created } = await agent.trigger({
        clientSystemId,
        full,
        approveDeletes: null,
        approveDigest: null,
        trigger: 'mcp',
        requestedBy: caller.name,
      })
      if (created) return { run }
      throw runActiveError(run, 'Follow the active run with get_sync_run; a new one can start when it has ended')
    },
  }),
  tool({
    name: 'preview_meter_sync',
    title: 'Preview a meter sync',
    scope: 'operate',
    annotations: readOnly,
    description:
      'Compares with the Client System and returns what a sync would do now, with the first changes by external id; counts has them all. Writes nothing. While a run is active, returns the error run_active with that run.',
    input: z.strictObject({
      clientSystemId,
      detail,
      limit: limit.describe('Maximum number of changes, of the first 100'),
    }),
    output: preview.extend({ changes: z.array(z.union([previewRow, fullChange])) }),
    error: runErrorShape,
    handle: async ({ clientSystemId, detail, limit }, { agent, signal }) => {
      const answer = await agent.preview(clientSystemId, signal)
      if ('preview' in answer) {
        const changes = answer.preview.changes.slice(0, limit).map(rowsOf(detail, toPreviewRow))
        return { ...answer.preview, changes: firstThatFit(changes) }
      }
      throw runActiveError(answer.active, 'Follow it with get_sync_run, and preview again when it has ended')
    },
  }),
  tool({
    name: 'cancel_sync_run',
    title: 'Cancel a sync run',
    scope: 'operate',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    description: 'Cancels an active run. The run stops, and changes no meter.',
    input: z.strictObject({ runId }),
    output: z.object({ run }),
    error: runErrorShape,
    handle: async ({ runId }, { agent }) => {
      const { run, cancelled } = await agent.cancel(runId)
      if (cancelled) return { run }
      throw runFinishedError(run, 'Read its result with get_sync_run; only an active run can be cancelled')
    },
  }),
]
