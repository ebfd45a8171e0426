import type pg from 'pg'
import { type drizzle, inArray } from '../db/drizzle.ts'
import { nextRevision, notify } from '../db/notices.ts'
import { keptDeletions } from '../db/schema.ts'
import { transaction } from '../db/transaction.ts'
import { AgentError } from '../lib/errors.ts'
import type { KeptDeletions } from '../wire/types.ts'

/** A decision to keep held-back deletions for now: `digest` is the `withheldDigest` of the run that held them back. */
export type KeepRequest = { clientSystemId: string; digest: string; note: string; keptBy: string | null }

/** Returns the deletions that are kept for now, by Client System. */
export async function listKeptDeletions(
  db: Pick<ReturnType<typeof drizzle>, 'select'>,
  clientSystemIds: string[],
): Promise<Map<string, KeptDeletions>> {
  const rows = await db.select().from(keptDeletions).where(inArray(keptDeletions.clientSystemId, clientSystemIds))
  return new Map(
    rows.map(({ clientSystemId, digest, note, keptBy, keptAt }) => [
      clientSystemId,
      { digest, note, by: keptBy, since: keptAt.toISOString() },
    ]),
  )
}

/**
 * Keeps the deletions that the last successful run held back. Throws `deletions_changed` when those are no longer the ones
 * of the digest. The revision is locked first, so that no run can end in between.
 */
export async function keepDeletions(
  pool: pg.Pool,
  { clientSystemId, digest, note, keptBy }: KeepRequest,
): Promise<void> {
  await transaction(pool, async (client) => {
    await nextRevision(client)
    const { rowCount } = await client.query(
      `insert into sync.kept_deletions (client_system_id, digest, note, kept_by)
       select $1, $2, $3, $4
       from (
         select withheld_digest from sync.run
         where client_system_id = $1 and status = 'succeeded'
         order by revision desc
         limit 1
       ) last
       where withheld_digest = $2
       on conflict (client_system_id) do update
       set digest = excluded.digest, note = excluded.note, kept_by = excluded.kept_by, kept_at = now()`,
      [clientSystemId, digest, note, keptBy],
    )
    if (rowCount === 0)
      throw new AgentError('deletions_changed', 'The last sync held back other deletions, or none', {
        hint: 'Look at the deletions that are held back now, and decide again',
      })
    await notify(client, { type: 'kept', clientSystemId })
  })
}

/** Undoes `keepDeletions`. Does nothing where no deletions are kept. */
export async function releaseDeletions(pool: pg.Pool, clientSystemId: string): Promise<void> {
  await transaction(pool, async (client) => {
    await nextRevision(client)
    await client.query('delete from sync.kept_deletions where client_system_id = $1', [clientSystemId])
    await notify(client, { type: 'kept', clientSystemId })
  })
}
