import type { Counts, Problem, Progress, Rejected, Run, RunHistory } from '../../../wire/types.ts'

export const counts: Counts = {
  read: 500,
  inserted: 1,
  updated: 1,
  unchanged: 497,
  rejected: 1,
  restored: 0,
  deleted: 1,
  withheld: 0,
}

export const succeeded: Run = {
  id: '6f1c3a52-8c0e-4f0b-9d9a-2f6f3b8f7d10',
  clientSystemId: 'main',
  trigger: 'schedule',
  requestedBy: null,
  approveDeletes: null,
  approveDigest: null,
  status: 'succeeded',
  phase: null,
  queuedAt: '2026-01-31T12:00:00.041Z',
  startedAt: '2026-01-31T12:00:00.067Z',
  finishedAt: '2026-01-31T12:00:00.318Z',
  counts,
  error: null,
  readMode: 'narrow',
  readReason: null,
  withheldBecause: null,
  withheldDigest: null,
  rejectedBecause: null,
  proof: { rows: 499, digest: '9f3c61d2a80b47e5' },
  bytesRead: 4_120,
  timings: { connecting: 21, reading: 64, comparing: 31, applying: 18, proving: 9 },
  revision: 128,
}

export const queued: Run = {
  ...succeeded,
  id: '0d6a3c1e-53c7-4a57-b1d0-6b4f4a1f0c77',
  trigger: 'manual',
  requestedBy: 'administrator',
  status: 'queued',
  queuedAt: '2026-01-31T12:20:00.512Z',
  startedAt: null,
  finishedAt: null,
  counts: null,
  readMode: null,
  proof: null,
  bytesRead: null,
  timings: null,
  revision: 129,
}

export const cancelled: Run = {
  ...queued,
  status: 'cancelled',
  startedAt: '2026-01-31T12:20:00.540Z',
  finishedAt: '2026-01-31T12:20:01.204Z',
  error: {
    code: 'cancelled',
    message: 'The run was cancelled',
    hint: 'Nothing was changed; the next run starts from the beginning',
  },
  revision: 132,
}

export const runHistory: RunHistory = {
  clientSystemId: 'main',
  from: '2025-11-02T12:00:00.000Z',
  to: '2026-01-31T12:20:00.000Z',
  summary: { days: 30, succeeded: 717, failed: 3, outages: 2, staleSeconds: 25_200 },
  hours: [
    {
      from: '2026-01-31T12:00:00.000Z',
      succeeded: 1,
      failed: 0,
      cancelled: 0,
      inserted: 1,
      updated: 1,
      deleted: 1,
    },
  ],
  missedHours: ['2026-01-31T11:00:00.000Z'],
}

export const progress: Progress = {
  runId: queued.id,
  clientSystemId: 'main',
  phase: 'reading',
  step: 'meters',
  rowsRead: 320,
  rowsExpected: 500,
  bytesRead: 39_300,
}

export const rejected: Rejected = {
  externalId: 'E-4711',
  reason: { code: 'invalid_port' },
  row: { name: 'Cellar', port: '70000' },
}

export const invalidParameter: Problem = {
  type: 'about:blank',
  title: 'Bad request',
  status: 400,
  detail: 'The parameters are invalid: limit: expected a whole number from 1 to 200',
  code: 'bad_request',
  hint: 'Correct the request and send it again',
}

export const runIsActive: Problem = {
  type: 'about:blank',
  title: 'A run is active',
  status: 409,
  detail: 'A sync of this Client System is active',
  code: 'run_active',
  hint: 'Follow the active run; a new one can start when it has ended',
  run: queued,
}
