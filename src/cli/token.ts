import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { insertToken, type ListedToken, listTokens, revokeToken } from '../access/store.ts'
import { requireMigrated } from '../db/migrate.ts'
import { openPool } from '../db/pool.ts'
import { transaction } from '../db/transaction.ts'
import { AgentError, ConfigError, errorCode, errorMessage } from '../lib/errors.ts'
import { createLog } from '../lib/log.ts'
import { readConfig } from './configuration.ts'
import { exitStatus } from './exit-status.ts'
import { print, printError, printJson } from './output.ts'
import type { TokenCommand } from './token-arguments.ts'

/**
 * Creates, lists or revokes tokens in the Sync database. Running agents are notified and apply the change at once. Needs the
 * privileges of the schema's owner when the agent has a role of its own.
 */
export async function manageTokens(command: TokenCommand): Promise<number> {
  const { syncDatabase, secrets } = readConfig('token').config
  await requireMigrated(syncDatabase)
  const log = createLog({ level: 'warn', out: process.stderr, secrets })
  const pool = openPool(syncDatabase, { application: 'meter-sync-agent token', max: 1, log })
  try {
    await runTokenCommand(pool, command)
    return exitStatus.done
  } catch (error) {
    if (errorCode(error) !== '42501') throw error
    throw new ConfigError([
      `DATABASE_URL: the role may not manage tokens: ${errorMessage(error)}; run this command as the owner of the schema`,
    ])
  } finally {
    await pool.end()
  }
}

async function runTokenCommand(pool: pg.Pool, command: TokenCommand): Promise<void> {
  switch (command.action) {
    case 'create':
      return await create(pool, command)
    case 'list':
      return showTokens(await listTokens(pool), command.json)
    case 'revoke':
      return await revoke(pool, command.tokenName)
  }
}

/** The prefix of every token. Programs that search for leaked secrets recognise a token by it. */
const prefix = 'msa_'

async function create(
  pool: pg.Pool,
  { tokenName, scopes, expiresInSeconds }: Extract<TokenCommand, { action: 'create' }>,
): Promise<void> {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(token).digest()
  const created = await transaction(pool, (client) =>
    insertToken(client, { name: tokenName, hash, scopes, expiresInSeconds }),
  )
  if (!created) {
    const hint = `Revoke it first: token revoke ${JSON.stringify(tokenName)}`
    throw new AgentError('bad_request', `A token named ${tokenName} already exists`, { hint })
  }
  printError('Store this token now: it is not saved and cannot be shown again')
  print(token)
}

async function revoke(pool: pg.Pool, tokenName: string): Promise<void> {
  const revoked = await transaction(pool, (client) => revokeToken(client, tokenName))
  if (!revoked) {
    throw new AgentError('not_found', `There is no token named ${tokenName}`, {
      hint: 'List the tokens with token list',
    })
  }
  print(`The token ${tokenName} is revoked; every agent refuses it within 5 s`)
}

function showTokens(tokens: ListedToken[], json: boolean): void {
  if (json) printJson({ tokens })
  else if (tokens.length === 0) print('There are no tokens')
  else showTable(tokens)
}

function showTable(tokens: ListedToken[]): void {
  const rows = tokens.map(({ name, scopes, createdAt, expiresAt, expired, lastUsedAt }) => [
    name,
    scopes.join(','),
    formatTime(createdAt),
    expired ? `${formatTime(expiresAt)} (expired)` : formatTime(expiresAt),
    formatTime(lastUsedAt),
  ])
  const lines = [['NAME', 'SCOPES', 'CREATED', 'EXPIRES', 'LAST USED'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) print(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
}

/** Formats a time in UTC to the minute; "never" for null. */
function formatTime(at: Date | null): string {
  return at === null ? 'never' : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
