import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import pg from 'pg'
import type { Environment } from '../../src/config/environment.ts'
import { runCommand } from './command.ts'
import { createMeters } from './meters.ts'
import { createWorld, type Database } from './world.ts'

/** Runs SQL as psql would: a statement at a time, each in a transaction of its own. */
export async function runScript(url: string, script: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const statement of script.split(/;\s*(?:\n|$)/)) if (statement.trim() !== '') await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * A Sync database and a Client System with the roles of docs/deploy: roles.sql and client-system.sql have been run, with
 * names of the test's own; grants.sql is for the test to run.
 */
export async function createDeployment(t: TestContext, version: 18 | 15) {
  const world = await createWorld(t, { source: version, sync: version })
  await createMeters(world.source, 100)
  const mark = randomBytes(6).toString('hex')
  const names: Record<string, string> = {
    meter_sync_owner: `owner_${mark}`,
    meter_sync: `agent_${mark}`,
    meter_reader: `reader_${mark}`,
  }
  const named = (text: string) => text.replace(/\bmeter_(sync_owner|sync|reader)\b/g, (name) => names[name] ?? name)
  const script = (file: string) => named(readFileSync(new URL(`../../docs/deploy/${file}`, import.meta.url), 'utf8'))
  const { meter_sync_owner: owner = '', meter_sync: agent = '', meter_reader: reader = '' } = names
  world.after(async () => {
    await world.sync.query(`drop database if exists ${agent} with (force)`)
    await world.source.query(`drop owned by ${reader}`)
    for (const role of [owner, agent, reader]) await world.sync.query(`drop role if exists ${role}`)
  })
  await runScript(world.sync.url, script('roles.sql'))
  await runScript(world.source.url, script('client-system.sql'))
  for (const role of [owner, agent, reader]) await world.sync.query(`alter role ${role} password 'word-${mark}'`)
  const as = (role: string, database: Pick<Database, 'url'>, name?: string) => {
    const url = new URL(database.url)
    url.username = role
    url.password = `word-${mark}`
    if (name !== undefined) url.pathname = name
    return url.href
  }
  const environment = (overrides: Environment = {}) =>
    world.environment({
      DATABASE_URL: as(agent, world.sync, agent),
      CLIENT_SYSTEM_URL: as(reader, world.source),
      NODE_ENV: 'production',
      ...overrides,
    })
  return {
    world,
    environment,
    /** The same text with the roles of this deployment in it. */
    named,
    ownerUrl: as(owner, world.sync, agent),
    agentUrl: as(agent, world.sync, agent),
    readerUrl: as(reader, world.source),
    migrate: () => runCommand(['migrate'], environment({ DATABASE_URL: as(owner, world.sync, agent) })),
    grant: () => runScript(as(owner, world.sync, agent), script('grants.sql')),
  }
}

/** Runs a statement under the role of the URL, and returns its rows. */
export async function runStatement(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
