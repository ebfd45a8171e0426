import { z } from 'zod'
import { changeCursor, cursorText, rejectedCursor, runCursor } from '../../wire/cursors.ts'
import { clientSystemId, orNull } from '../../wire/requests.ts'
import { next, operation, rejected, run, runStatus } from '../../wire/schemas.ts'
import { readPageThatFits } from '../answer-size.ts'
import { changeRow, fullChange, rejectedRow, runRow, toChangeRow, toRejectedRow, toRunRow } from '../rows.ts'
import { readOnly, type Tool, tool } from '../tool.ts'
import { detail, limit, rowsOf, runId } from './inputs.ts'

/** The tools that read runs, their changes and their rejected rows. */
export const runTools: readonly Tool[] = [
  tool({
    name: 'list_sync_runs',
    title: 'List sync runs',
    scope: 'read',
    annotations: readOnly,
    description: 'The runs of a Client System, newest first. Compact rows; get_sync_run returns all of one.',
    input: z.strictObject({ clientSystemId, status: orNull(runStatus), detail, limit, before: runCursor }),
    output: z.object({ runs: z.array(z.union([runRow, run])), next }),
    handle: async ({ clientSystemId, status, detail, before, limit }, { agent }) => {
      const filter = { clientSystemId, status, trigger: null, from: null, to: null, before }
      const { items, next } = await readPageThatFits(limit, rowsOf(detail, toRunRow), (limit) =>
        agent.runs({ ...filter, limit }),
      )
      return { runs: items, next: cursorText(next) }
    },
  }),
  tool({
    name: 'get_sync_run',
    title: 'Sync run',
    scope: 'read',
    annotations: readOnly,
    description: 'One run: its state, its counts when it succeeded, its error with a hint when it failed.',
    input: z.strictObject({ runId }),
    output: run,
    handle: ({ runId }, { agent }) => agent.run(runId),
  }),
  tool({
    name: 'list_meter_changes',
    title: 'Changes of a sync run',
    scope: 'read',
    annotations: readOnly,
    description:
      'The changes that one run made, by external id, with the old and the new values; includes the first 1,000 withheld deletions.',
    input: z.strictObject({ runId, operation: orNull(operation), detail, limit, after: changeCursor }),
    output: z.object({ changes: z.array(z.union([changeRow, fullChange])), next }),
    handle: async ({ runId, operation, detail, after, limit }, { agent }) => {
      const { items, next } = await readPageThatFits(limit, rowsOf(detail, toChangeRow), (limit) =>
        agent.changes(runId, { operation, after, limit }),
      )
      return { changes: items, next: cursorText(next) }
    },
  }),
  tool({
    name: 'list_rejected_rows',
    title: 'Rejected rows of a sync run',
    scope: 'read',
    annotations: readOnly,
    description:
      'The rows of the Client System that one run rejected, each with its reason: the first 1,000, kept for 7 days and for the latest run. detail: full adds their values.',
    input: z.strictObject({ runId, detail, limit, after: rejectedCursor }),
    output: z.object({ rejected: z.array(z.union([rejectedRow, rejected])), next }),
    handle: async ({ runId, detail, after, limit }, { agent }) => {
      const { items, next } = await readPageThatFits(limit, rowsOf(detail, toRejectedRow), (limit) =>
        agent.rejected(runId, { after: after ?? 0, limit }),
      )
      return { rejected: items, next: cursorText(next) }
    },
  }),
]
