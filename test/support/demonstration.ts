import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { type Demonstration, startDemonstration } from '../../src/demo/demonstration.ts'
import { createLog } from '../../src/lib/log.ts'

export const silentLog = createLog({ level: 'silent', terminal: false })

/** An interval so long that the simulation changes nothing by itself. */
export const neverMs = 20 * 86_400_000

/** Removes a directory when the process of the test ends, after its servers have stopped. */
export function removeAtExit(directory: string): void {
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
}

/** Creates a directory that is removed when the process of the test ends. */
export function createDirectory(mode = 0o755): string {
  const directory = mkdtempSync(join(tmpdir(), 'demonstration-'))
  removeAtExit(directory)
  chmodSync(directory, mode)
  return directory
}

/** Starts a demonstration that stops at the latest when the test ends. It changes nothing by itself, unless every `everyMs`. */
export async function startTestDemonstration(
  t: TestContext,
  directory: string,
  everyMs = neverMs,
): Promise<Demonstration> {
  const demonstration = await startDemonstration({ directory, log: silentLog, everyMs })
  t.after(() => demonstration.stop())
  return demonstration
}

/** Opens a pool that ends when the test ends. */
export function openPool(t: TestContext, url: string | undefined): pg.Pool {
  assert.ok(url)
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => undefined)
  t.after(() => pool.end())
  return pool
}

/** Opens the Client System as its owner, with the password that the demonstration stores. */
export function openClientSystem(t: TestContext, demonstration: Demonstration, directory: string): pg.Pool {
  const passwords = JSON.parse(readFileSync(join(directory, 'passwords.json'), 'utf8'))
  const url = new URL(demonstration.environment.CLIENT_SYSTEM_URL ?? '')
  url.username = 'client_system'
  url.password = passwords.client_system
  return openPool(t, url.href)
}

export type DemonstrationMeter = {
  external_id: string
  name: string
  kind: string
  active: boolean
  location: string
  serial_number: string
}

/** Returns the meters of a demonstration as a run reads them. */
export async function readDemonstrationMeters({ environment }: Demonstration): Promise<DemonstrationMeter[]> {
  const client = new pg.Client(environment.CLIENT_SYSTEM_URL)
  await client.connect()
  try {
    return (await client.query<DemonstrationMeter>(`${environment.CLIENT_SYSTEM_QUERY} order by d.id`)).rows
  } finally {
    await client.end()
  }
}

/** Returns the process id of the PostgreSQL server of a demonstration. */
export function serverPid(directory: string): number {
  return Number(readFileSync(join(directory, 'postgresql', 'postmaster.pid'), 'utf8').split('\n')[0])
}
