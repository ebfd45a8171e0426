/**
 * The words for reasons in the page, the command line, the log and answers to assistants. Each completes a sentence after
 * "because". The bundle of the page contains this module.
 */
import type { ReadReason, Rejection, Withheld } from './types.ts'

export function readReasonWords({ code, error, text }: ReadReason): string {
  const words: Record<ReadReason['code'], string> = {
    agent_started: 'the agent started',
    requested: 'it was requested',
    daily: 'the first sync of a day reads every meter',
    no_meters: 'there were no meters yet',
    not_hashed: 'its rows were not hashed before',
    query_changed: 'the Client System, its columns or the query have changed',
    after_failure: `the previous run failed with ${error ?? 'an error'}`,
    meters_changed: 'meters were changed in the Sync database by another program',
    most_differ: 'most meters differ',
    earlier: text ?? 'the reason is not known',
  }
  return words[code]
}

export function rejectionWords({ code, bytes, text }: Rejection): string {
  const words: Record<Rejection['code'], string> = {
    missing_id: 'external_id is null',
    blank_id: 'external_id is blank',
    id_too_long: 'external_id is longer than 1,000 bytes',
    duplicate_id: 'external_id occurs more than once',
    row_too_large: `the row is larger than 8 MB${bytes === undefined ? '' : ` (${bytes.toLocaleString('en')} bytes)`}`,
    json_too_deep: 'its json is nested deeper than 500 levels',
    missing_name: 'name is null',
    blank_name: 'name is blank',
    invalid_port: 'port is not a number from 1 to 65535',
    invalid_active: 'active is not a boolean',
    earlier: text ?? 'it could not be used',
  }
  return words[code]
}

/** Returns the column of the query whose value caused the rejection; null where the whole row did. */
export function rejectedColumn({ code }: Rejection): string | null {
  if (code.endsWith('_id') || code === 'id_too_long') return 'external_id'
  if (code.endsWith('_name')) return 'name'
  if (code === 'invalid_port') return 'port'
  if (code === 'invalid_active') return 'active'
  return null
}

/** Versions before the reason was stored left it null. */
const unknownReason: Withheld = { code: 'earlier' }

export function withheldWords(reason: Withheld | null): string {
  const { code, rows = 0, approved = 0, missing = 0, limit = 0, lately, text } = reason ?? unknownReason
  const missingOrDeleted = lately ? 'are missing or were deleted in the last 24 hours' : 'are missing'
  const rowsHave = rows === 1 ? '1 row of the Client System has' : `${rows} rows of the Client System have`
  const wereApproved = approved === 1 ? '1 deletion was approved' : `${approved} deletions were approved`
  const areMissing = missing === 1 ? '1 meter is missing' : `${missing} meters are missing`
  const words: Record<Withheld['code'], string> = {
    rows_without_id: `${rowsHave} no external id and may be a missing meter`,
    other_meters_approved: 'other meters are missing than those that were approved',
    more_than_approved: `${wereApproved}, ${areMissing}`,
    no_rows: 'the Client System returned no meter at all',
    no_usable_rows: 'the Client System returned no row that can be used',
    over_maximum: `more than ${limit} meters ${missingOrDeleted} (DELETE_GUARD_MAXIMUM)`,
    over_percent: `more than ${limit} % of the meters ${missingOrDeleted} (DELETE_GUARD_PERCENT)`,
    earlier: text ?? 'they look like an accident',
  }
  return words[code]
}
