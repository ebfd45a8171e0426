import { TLSSocket } from 'node:tls'
import pg from 'pg'
import copyStreams from 'pg-copy-streams'
import { z } from 'zod'
import type { ClientSystem } from '../../config/environment.ts'
import { connectionOptions, settableCondition } from '../../db/connect.ts'
import { observeLogin } from '../../db/login.ts'
import { destroySocket } from '../../db/silence.ts'
import { AgentError } from '../../lib/errors.ts'
import { type AnswerWait, waitForAnswer } from './answer-timeout.ts'
import { connectError } from './connect-errors.ts'
import { sourceError } from './errors.ts'

/**
 * A read-only connection to a Client System: one REPEATABLE READ READ ONLY transaction, so that every question sees the
 * same state (R5.8). Every answer has a timeout. All errors are AgentErrors with a code `source_…`.
 */
export type Source = AsyncDisposable & {
  /** As `server_version_num`: 150018 for 15.18. */
  version: number
  /** Its server encoding: `UTF8`, `LATIN1`, … */
  encoding: string
  /** Its URL without the password. */
  place: string
  /** Runs one statement in the extended protocol, which refuses a second one. */
  ask: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>
  /** Tries a statement. Returns the refusal if the server refuses it; the transaction stays usable. */
  attempt: <Row extends pg.QueryResultRow>(
    text: string,
  ) => Promise<{ fields: pg.FieldDef[]; rows: Row[] } | { refusal: AgentError }>
  /**
   * Returns the bytes of a `copy … to stdout` as they arrive. A `sparse` answer has few bytes for much computation, so the
   * timeout of the first byte applies to all of them.
   */
  copy: (text: string, options?: { sparse: boolean }) => AsyncGenerator<Buffer, void, undefined>
  /** Can be called twice. */
  close: () => Promise<void>
}

/** Connects within `timeouts.connectMs` and begins the transaction. When `signal` aborts, the connection is closed at once. */
export async function openSource(clientSystem: ClientSystem, signal: AbortSignal): Promise<Source> {
  const { timeouts, target, name } = clientSystem
  signal.throwIfAborted()
  const place = withoutPassword(target.url)
  const client = new pg.Client({
    ...connectionOptions(target, { application: 'meter-sync-agent', connectTimeoutMs: 0 }),
    client_encoding: 'UTF8',
  })
  client.on('error', () => undefined)
  const login = observeLogin(client)
  const role = decodeURIComponent(new URL(target.url).username)
  const cut = () => destroySocket(client)
  signal.addEventListener('abort', cut, { once: true })

  const within = <T>(wait: AnswerWait, answer: Promise<T>) => waitForAnswer(answer, wait, { client, name })

  const close = async () => {
    signal.removeEventListener('abort', cut)
    const timer = setTimeout(cut, 1_000)
    await client.end().catch(() => undefined)
    clearTimeout(timer)
  }
  const firstByte = { milliseconds: timeouts.startMs, variable: 'READ_START_SECONDS' }

  async function ask<Row extends pg.QueryResultRow>(text: string, values?: unknown[]) {
    try {
      const query = { text, values, queryMode: 'extended' }
      return await within({ ...firstByte, doing: 'it was asked' }, client.query<Row>(query))
    } catch (error) {
      throw sourceError(error, { name, role, doing: 'asking' })
    }
  }

  async function* copy(text: string, { sparse } = { sparse: false }) {
    const stream = client.query(copyStreams.to(text))
    const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
    let waiting: AnswerWait = { ...firstByte, doing: 'it was read' }
    let whole = false
    try {
      for (;;) {
        const next = await within(waiting, chunks.next())
        if (next.done) break
        yield next.value
        if (!sparse)
          waiting = {
            milliseconds: timeouts.idleMs,
            doing: 'its meters were being read',
            variable: 'READ_IDLE_SECONDS',
          }
      }
      whole = true
    } catch (error) {
      throw sourceError(error, { name, role, doing: 'reading' })
    } finally {
      if (!whole) cut()
    }
  }

  async function attempt<Row extends pg.QueryResultRow>(text: string) {
    try {
      const { fields, rows } = await ask<Row>(text)
      return { fields, rows }
    } catch (error) {
      if (!(error instanceof AgentError) || error.code === 'source_lost' || error.code === 'source_timeout') throw error
      await ask('rollback to savepoint begun')
      return { refusal: error }
    }
  }

  /** Begins the transaction with its settings and the savepoint for refusals, in one round trip. No value is from outside. */
  async function beginTransaction() {
    const settings = {
      ...sourceSettings,
      statement_timeout: String(timeouts.totalMs),
      // Shorter than the timeout of an answer, so that the server reports that it waits for a lock.
      lock_timeout: String(Math.min(10_000, Math.floor(timeouts.startMs * 0.8))),
      // The longest that the agent computes between two questions.
      idle_in_transaction_session_timeout: String(timeouts.totalMs),
    }
    const values = Object.entries(settings).map((pair) => `(${pair.map(pg.escapeLiteral)})`)
    const text = `begin isolation level repeatable read read only;
      select set_config(s.name, v.value, true), current_setting('server_version_num')::int as version,
        current_setting('server_encoding') as encoding
      from (values ${values}) v(name, value)
      join pg_settings s on s.name = v.name
      where ${settableCondition};
      savepoint begun`
    try {
      const answers: unknown = await within({ ...firstByte, doing: 'it was asked' }, client.query(text))
      return begun.parse(answers)[1].rows[0]
    } catch (error) {
      throw sourceError(error, { name, role, doing: 'asking' })
    }
  }

  try {
    await within({ milliseconds: timeouts.connectMs, doing: 'connecting', variable: '' }, client.connect())
    const { version, encoding } = await beginTransaction()
    requireSupported(version, name)
    return { version, encoding, place, ask, attempt, copy, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    const { stream } = client.connection
    const trusted = stream instanceof TLSSocket && (stream.authorized || target.tls === 'unverified')
    cut()
    await close()
    throw connectError(error, {
      name,
      place,
      untrusted: target.tls !== false && !trusted,
      passwordMissing: login.passwordMissing(),
      otherServer: login.otherServer(),
    })
  }
}

/** The results of the statements that begin the transaction. */
const begun = z.tuple([
  z.unknown(),
  z.object({ rows: z.tuple([z.object({ version: z.number(), encoding: z.string() })], z.unknown()) }),
  z.unknown(),
])

function withoutPassword(text: string): string {
  const url = new URL(text)
  url.password = ''
  return url.href
}

/**
 * With these settings every value has one text, whatever defaults the database or the role has. A statement that the agent
 * abandons ends at the server by itself.
 */
const sourceSettings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  statement_timeout: '0',
  transaction_timeout: '0',
  client_connection_check_interval: '500ms',
  // An abandoned session must not keep its snapshot: it would hold back vacuum at the Client System.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  // Keepalives are not sent while rows are being transferred.
  tcp_user_timeout: '60s',
  // For the digests of parts, which are grouped in memory: a read leaves no temporary file at the source.
  work_mem: '64MB',
  hash_mem_multiplier: '4',
  jit: 'off',
  // A query may depend on the order of rows, such as array_agg without ORDER BY. This keeps it the same each time.
  synchronize_seqscans: 'off',
  // Texts and hashes cost more than the planner assumes, so parallel workers pay off.
  parallel_setup_cost: '0',
  parallel_tuple_cost: '0',
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
