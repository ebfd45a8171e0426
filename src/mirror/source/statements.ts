import pg from 'pg'
import copyStreams from 'pg-copy-streams'
import { z } from 'zod'
import type { ClientSystem } from '../../config/environment.ts'
import { settableCondition } from '../../db/session-settings.ts'
import { destroySocket } from '../../db/socket.ts'
import { AgentError } from '../../lib/errors.ts'
import { type AnswerWait, waitForAnswer } from './answer-timeout.ts'
import { sourceError } from './errors.ts'
import { sourceSettings } from './settings.ts'

/** A connection to a Client System. All statements on it throw AgentErrors with a code `source_…`. */
export type Connection = Pick<ClientSystem, 'name' | 'timeouts'> & {
  client: pg.Client
  /** The user of the connection, to whom hints suggest grants. */
  role: string
}

/**
 * Begins the transaction with its settings and the savepoint of `tryQuery`, in one round trip. Returns the version and the
 * encoding of the server. Throws `source_query` for a server that is too old.
 */
export async function beginTransaction(connection: Connection): Promise<{ version: number; encoding: string }> {
  const values = Object.entries(sourceSettings(connection.timeouts)).map(
    (setting) => `(${setting.map(pg.escapeLiteral)})`,
  )
  const text = `begin isolation level repeatable read read only;
    select set_config(s.name, v.value, true), current_setting('server_version_num')::int as version,
      current_setting('server_encoding') as encoding
    from (values ${values}) v(name, value)
    join pg_settings s on s.name = v.name
    where ${settableCondition};
    savepoint begun`
  const results: unknown = await answerTo(connection, connection.client.query(text))
  const server = beginResults.parse(results)[1].rows[0]
  requireSupported(server.version, connection.name)
  return server
}

/** The results of the statements that begin the transaction. */
const beginResults = z.tuple([
  z.unknown(),
  z.object({ rows: z.tuple([z.object({ version: z.number(), encoding: z.string() })], z.unknown()) }),
  z.unknown(),
])

export async function query<Row extends pg.QueryResultRow>(
  connection: Connection,
  text: string,
  values?: unknown[],
): Promise<pg.QueryResult<Row>> {
  const config = { text, values, queryMode: 'extended' }
  return await answerTo(connection, connection.client.query<Row>(config))
}

export async function tryQuery<Row extends pg.QueryResultRow>(connection: Connection, text: string) {
  try {
    const { fields, rows } = await query<Row>(connection, text)
    return { fields, rows }
  } catch (error) {
    if (!(error instanceof AgentError) || error.code === 'source_lost' || error.code === 'source_timeout') throw error
    await query(connection, 'rollback to savepoint begun')
    return { refusal: error }
  }
}

/** Waits for the answer to a statement. */
async function answerTo<Result>(connection: Connection, answer: Promise<Result>): Promise<Result> {
  const doing = 'running a query'
  try {
    return await waitForAnswer(answer, { ...firstByte(connection), doing }, connection)
  } catch (error) {
    throw sourceError(error, { ...connection, doing })
  }
}

/** Destroys the connection unless all bytes were read, because the server would go on sending them. */
export async function* copy(
  connection: Connection,
  text: string,
  { sparse } = { sparse: false },
): AsyncGenerator<Buffer, void, undefined> {
  const { client, timeouts } = connection
  const stream = client.query(copyStreams.to(text))
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  const idle = { milliseconds: timeouts.idleMs, doing: 'sending its meters', variable: 'READ_IDLE_SECONDS' }
  let wait: AnswerWait = { ...firstByte(connection), doing: 'running the query of the meters' }
  let complete = false
  try {
    for (;;) {
      const next = await waitForAnswer(chunks.next(), wait, connection)
      if (next.done) break
      yield next.value
      if (!sparse) wait = idle
    }
    complete = true
  } catch (error) {
    throw sourceError(error, { ...connection, doing: 'sending its meters' })
  } finally {
    if (!complete) destroySocket(client)
  }
}

/** The timeout of the first byte of an answer. */
function firstByte({ timeouts }: Connection): Omit<AnswerWait, 'doing'> {
  return { milliseconds: timeouts.startMs, variable: 'READ_START_SECONDS' }
}

/** The oldest supported server, as `server_version_num`: before 14 there is neither bit_xor nor a hash of rows. */
const minVersion = 140_000

/** Throws `source_query` for a server that is too old. */
export function requireSupported(version: number, name: string): void {
  if (version >= minVersion) return
  const runs = version >= 100_000 ? `PostgreSQL ${Math.floor(version / 10_000)}` : 'PostgreSQL 9.6 or earlier'
  throw new AgentError('source_query', `${name} runs ${runs}; the agent needs PostgreSQL 14 or later`, {
    hint: 'Upgrade the PostgreSQL of the Client System',
  })
}
