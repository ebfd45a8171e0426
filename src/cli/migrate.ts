import { parseConfig } from '../config/environment.ts'
import { migrate } from '../db/migrate.ts'
import { readVariables } from './configuration.ts'
import { exitStatus } from './exit-status.ts'
import { print, printError } from './output.ts'

/** Migrates the schema of the Sync database. */
export async function migrateSchema(): Promise<number> {
  const missingIndex = await migrate(parseConfig(readVariables('migrate')).syncDatabase)
  if (missingIndex) {
    printError(`Searches scan all meters, because their index is missing: ${missingIndex.reason}`)
    printError(missingIndex.hint)
  }
  print('The schema of the Sync database is up to date')
  return exitStatus.done
}
