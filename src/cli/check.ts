import type { ClientSystem, Config } from '../config/environment.ts'
import { configureMigration, type Session } from '../db/connect.ts'
import { connectToSyncDatabase, findSchemaState, type SchemaState } from '../db/migrate.ts'
import { isTransactionPooled, poolerMessage } from '../db/pooler.ts'
import { findMissingRights, findMissingRightsToCreate } from '../db/rights.ts'
import { AgentError, errorCode, errorMessage } from '../lib/errors.ts'
import { createRedact } from '../lib/log.ts'
import { checkMeters, type MeterCheck } from '../mirror/check.ts'
import { openSource, type Source } from '../mirror/source/connection.ts'
import { number, plural, print } from './terminal.ts'

/** What must be mended before a sync can work: where it was found, what it is, and what to do. */
type Report = (place: string, error: unknown) => void

/**
 * Connects to both databases, describes the query and reads the meters as a sync would, and prints what it finds with what
 * to do. Changes nothing: no schema, no queue, no row. Returns true when a sync would work.
 */
export async function check(config: Config, signal: AbortSignal): Promise<boolean> {
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

/** Messages of PostgreSQL may have several lines. */
function printFinding(place: string, text: string): void {
  print(`${place.padEnd(15)}${text.replace(/\s*[\r\n]+\s*/g, ' ')}`)
}

/** Returns the session, where there is one: the meters are judged in its temporary tables. */
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
    if (state === 'newer') fail('The schema is newer than this program', 'Install the newer program')
    if (await isTransactionPooled(client, syncDatabase)) {
      fail('A pooler in transaction mode stands before it', `DATABASE_URL: ${poolerMessage}`)
    }
    const toCreate = state === 'missing' || state === 'older'
    const lacking = toCreate ? await findMissingRightsToCreate(client) : await findMissingRights(client)
    if (lacking.length > 0) {
      const script = 'docs/deploy/grants.sql as the owner of the database'
      const remedy = toCreate ? `run the command migrate, then ${script}` : `run ${script}`
      fail(`Rights are missing: ${lacking.join('; ')}`, `Grant them, or ${remedy}`)
    }
    return client
  } catch (error) {
    report(place, error)
    return null
  }
}

const schemaWords: Record<SchemaState | 'closed', string> = {
  closed: 'a schema that its role may not read',
  missing: 'no schema of the agent yet (the first start creates it)',
  older: 'the schema of an older agent (the next start migrates it)',
  same: 'the schema of this agent',
  newer: 'the schema of a newer agent',
}

type Checking = { client: Session['client'] | null; signal: AbortSignal; report: Report }

async function checkClientSystem(clientSystem: ClientSystem, { client, signal, report }: Checking): Promise<void> {
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
    if (!client) return printFinding('Query', 'not checked, because that needs the Sync database')
    const found = await checkMeters(client, source, clientSystem)
    printMeters(found)
    if (found.first.length > 0) return
    const hint = 'Run the query in psql as the role of CLIENT_SYSTEM_URL, and look for a row policy'
    report('Query', new AgentError('source_query', 'The query returns no meter that can be used', { hint }))
  } catch (error) {
    // What is not of the source is of the session here; a right to create temporary tables was reported already.
    if (error instanceof AgentError) report('Query', error)
    else if (errorCode(error) !== '42501') report('Sync database', error)
  } finally {
    await source.close()
  }
}

/** Of a URL what names the place: its parameters may hold a password. */
function placeOf(text: string): string {
  const { username, host, pathname, searchParams } = new URL(text)
  return `${searchParams.get('user') ?? username}@${searchParams.get('host') ?? host}${pathname}`
}

function trustOf({ insecure, target }: ClientSystem): string {
  if (insecure) return 'not verified by TLS (CLIENT_SYSTEM_INSECURE)'
  return target.tls === false ? 'on this machine' : 'verified by TLS'
}

const ownColumns = ['external_id', 'name', 'serial_number', 'kind', 'unit', 'location', 'ip_address', 'port', 'active']

function printMeters({ columns, rows, rejected, first }: MeterCheck): void {
  const own = columns.filter((name) => ownColumns.includes(name))
  const others = columns.filter((name) => !ownColumns.includes(name))
  const attributes = others.length > 0 ? `; among the attributes: ${others.join(', ')}` : ''
  printFinding('Query', `returns ${own.join(', ')}${attributes}`)
  const unusable = rejected.reduce((sum, reason) => sum + reason.rows, 0)
  printFinding('Meters', `${plural(rows, 'row')}: ${number(rows - unusable)} usable, ${number(unusable)} rejected`)
  for (const { reason, rows: count, example } of rejected) {
    const named = example === null ? '' : ` (for example external id ${example})`
    printFinding('', `Rejected: ${plural(count, 'row')}, because ${reason}${named}`)
  }
  if (first.length > 0)
    print(first.length === 1 ? 'As it would be stored:' : `The first ${first.length} as they would be stored:`)
  for (const { externalId, values } of first) {
    const shown = Object.entries(values).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    print(`  ${[externalId, ...shown].join('  ')}`)
  }
}
