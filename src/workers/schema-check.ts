import type pg from 'pg'
import { isMigrated } from '../db/migrate.ts'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'

/**
 * Checks that the schema of the Sync database is that of this program. Once a newer program has migrated it, the statements
 * of this one may not fit the tables any longer.
 */
export type SchemaCheck = Lifetime & {
  /** Whether the schema was found to be another one. It then stays outdated. */
  isOutdated: () => boolean
  /** Checks now. Returns false when the schema is another one; the first time, after `onOutdated` has ended. */
  isCurrent: () => Promise<boolean>
}

export type SchemaCheckOptions = {
  pool: pg.Pool
  /** Called once, when the schema was found to be another one. */
  onOutdated: () => Promise<void>
  log: Log
}

const intervalMs = 5_000

/** Starts to check the schema regularly. */
export function startSchemaCheck({ pool, onOutdated, log }: SchemaCheckOptions): SchemaCheck {
  let outdated = false
  const isCurrent = async () => {
    if (outdated) return false
    if (await isMigrated(pool)) return true
    outdated = true
    const hint = 'Restart this process with the program that migrated the database'
    log.error({ hint }, 'the schema of the Sync database is not that of this program; it takes no more runs')
    await onOutdated()
    return false
  }
  const loop = startLoop({
    pass: async () => void (await isCurrent()),
    everyMs: intervalMs,
    onError: (err) => log.debug({ err }, 'the version of the schema could not be read'),
  })
  return withLifetime({ isOutdated: () => outdated, isCurrent }, loop.stop)
}
