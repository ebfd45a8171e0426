import type { RunStatus, Trigger } from '../../../src/wire/types.ts'

/** Which runs to list: `from` is inclusive, `to` exclusive, both ISO 8601. */
export type RunQuery = { status: RunStatus | null; trigger: Trigger | null; from: string | null; to: string | null }
