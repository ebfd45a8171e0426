import type { ClientSystem, Config } from '../config/environment.ts'
import { connectToSyncDatabase } from '../db/connect.ts'
import { findSchemaState, type SchemaState } from '../db/migrate.ts'
import { isTransactionPooled, poolerMessage } from '../db/pooler.ts'
import { findMissingRights, findMissingRightsToCreate } from '../db/rights.ts'
import type { Session } from '../db/session.ts'
import { configureMigration } from '../db/session-settings.ts'
import { AgentError, errorCode, errorMessage } from '../lib/errors.ts'
import { createRedact } from '../lib/redact.ts'
import { checkMeters, type MeterCheck } from '../mirror/check.ts'
import { ownColumns } from '../mirror/source/columns.ts'
import { openSource, type Source } from '../mirror/source/connection.ts'
import { rejectionWords } from '../wire/reason-words.ts'
import { readConfig } from './configuration.ts'
import { exitStatus } from './exit-status.ts'
import { formatCount, formatNumber, print } from './output.ts'
import { runUntilStopped } from './process.ts'

/** Prints an error that prevents a sync, with its hint. `place` is the part that was checked. */
type Report = (place: string, error: unknown) => void

/** Checks configuration, databases and query without an agent, because the schema may not exist yet. */
export async function check(): Promise<number> {
  const { config } = readConfig('check')
  return await runUntilStopped(async ({ signal }) =>
    (await checkConfig(config, signal)) ? exitStatus.done : exitStatus.failed,
  )
}

/**
 * Connects to both databases, describes the query, reads the meters as a sync would, and prints the findings with hints.
 * Changes nothing: no schema, no queue, no row. Returns true when a sync would work.
 */
async function checkConfig(config: Config, signal: AbortSignal): Promise<boolean> {
  printFinding('Configuration', 'valid')
  const redact = createRedact(config.secrets)
  const problems = new Set<string>()
  const report: Report = (place, error) => {
    problems.add(place)
    printFinding(place, redact(errorMessage(error)))
    if (error instanceof AgentError && error.hint) printFinding('', redact(error.hint))
  }
  const client = await checkSyncDatabase(config, report)
  try {
    for (const clientSystem of config.clientSystems) await checkClientSystem(clientSystem, { client, signal, report })
  } finally {
    await client?.end().catch(() => undefined)
  }
  const places = [...problems].join(' and ')
  print(
    places === ''
      ? 'Ready: start the agent with the command serve'
      : `Not ready: correct the ${places} and check again`,
  )
  return places === ''
}

/** Prints a finding on one line. Messages of PostgreSQL may have several lines. */
function printFinding(place: string, text: string): void {
  print(`${place.padEnd(15)}${text.replace(/\s*[\r\n]+\s*/g, ' ')}`)
}

/** Returns the session, in whose temporary tables the meters are checked; null when there is no connection. */
async function checkSyncDatabase({ syncDatabase }: Config, report: Report): Promise<Session['client'] | null> {
  const place = 'Sync database'
  const fail = (message: string, hint: string) => report(place, new AgentError('database_error', message, { hint }))
  try {
    const client = await connectToSyncDatabase(syncDatabase)
    await configureMigration(client)
    const { rows } = await client.query<Record<'version' | 'encoding' | 'role' | 'name', string>>(
      `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
         current_user as role, current_database() as name`,
    )
    const { version, encoding, role, name } = rows[0] ?? {}
    const state = await findSchemaState(client).catch((error) => {
      if (errorCode(error) !== '42501') throw error
      return 'closed' as const
    })
    printFinding(place, `${name} as ${role}, PostgreSQL ${version}, encoding ${encoding}, ${schemaWords[state]}`)
    if (encoding !== 'UTF8') fail(`The encoding is ${encoding}`, "Create the database with encoding 'UTF8'")
    if (state === 'newer') fail('The schema is newer than this program', 'Install the newer version of the program')
    if (await isTransactionPooled(client, syncDatabase)) {
      fail('The connection goes through a pooler in transaction mode', `DATABASE_URL: ${poolerMessage}`)
    }
    const toCreate = state === 'missing' || state === 'older'
    const lacking = toCreate ? await findMissingRightsToCreate(client) : await findMissingRights(client)
    if (lacking.length > 0) {
      const script = 'docs/deploy/grants.sql as the owner of the database'
      const remedy = toCreate ? `run the command migrate, then ${script}` : `run ${script}`
      fail(`Privileges are missing: ${lacking.join('; ')}`, `Grant them, or ${remedy}`)
    }
    return client
  } catch (error) {
    report(place, error)
    return null
  }
}

const schemaWords: Record<SchemaState | 'closed', string> = {
  closed: 'a schema that this role may not read',
  missing: 'no schema of the agent yet (the first start creates it)',
  older: 'the schema of an older agent (the next start migrates it)',
  same: 'the schema of this agent',
  newer: 'the schema of a newer agent',
}

type CheckContext = { client: Session['client'] | null; signal: AbortSignal; report: Report }

async function checkClientSystem(clientSystem: ClientSystem, { client, signal, report }: CheckContext): Promise<void> {
  const place = 'Client System'
  let source: Source
  try {
    source = await openSource(clientSystem, signal)
  } catch (error) {
    return report(place, error)
  }
  try {
    const { version, encoding, place: url } = source
    const major = Math.floor(version / 10_000)
    printFinding(place, `${placeOf(url)}, PostgreSQL ${major}, encoding ${encoding}, ${trustOf(clientSystem)}`)
    if (!client) return printFinding('Query', 'not checked, because this requires the Sync database')
    const found = await checkMeters(client, source, clientSystem)
    printMeters(found)
    if (found.first.length > 0) return
    const hint = 'Run the query in psql as the role of CLIENT_SYSTEM_URL, and check for a row security policy'
    report('Query', new AgentError('source_query', 'The query returns no usable meter', { hint }))
  } catch (error) {
    // Any other error is from the Sync database. A missing privilege for temporary tables (42501) was reported above.
    if (error instanceof AgentError) report('Query', error)
    else if (errorCode(error) !== '42501') report('Sync database', error)
  } finally {
    await source.close()
  }
}

/** Returns user, host and database of a URL. Its other parts may hold a password. */
function placeOf(text: string): string {
  const { username, host, pathname, searchParams } = new URL(text)
  return `${searchParams.get('user') ?? username}@${searchParams.get('host') ?? host}${pathname}`
}

function trustOf({ insecure, target }: ClientSystem): string {
  if (insecure) return 'not verified by TLS (CLIENT_SYSTEM_INSECURE)'
  return target.tls === false ? 'on this machine' : 'verified by TLS'
}

function printMeters({ columns, rows, rejected, first }: MeterCheck): void {
  const own = columns.filter((name) => ownColumns.includes(name))
  const others = columns.filter((name) => !ownColumns.includes(name))
  const attributes = others.length > 0 ? `; among the attributes: ${others.join(', ')}` : ''
  printFinding('Query', `returns ${own.join(', ')}${attributes}`)
  const unusable = rejected.reduce((sum, reason) => sum + reason.rows, 0)
  printFinding(
    'Meters',
    `${formatCount(rows, 'row')}: ${formatNumber(rows - unusable)} usable, ${formatNumber(unusable)} rejected`,
  )
  for (const { reason, rows: count, example } of rejected) {
    const named = example === null ? '' : ` (for example external id ${example})`
    printFinding('', `Rejected: ${formatCount(count, 'row')}, because ${rejectionWords(reason)}${named}`)
  }
  if (first.length > 0)
    print(first.length === 1 ? 'As it would be stored:' : `The first ${first.length} as they would be stored:`)
  for (const { externalId, values } of first) {
    const shown = Object.entries(values).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    print(`  ${[externalId, ...shown].join('  ')}`)
  }
}
