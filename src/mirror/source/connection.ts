import { TLSSocket } from 'node:tls'
import pg from 'pg'
import type { ClientSystem } from '../../config/environment.ts'
import { connectionOptions } from '../../db/connect.ts'
import { observeLogin } from '../../db/observe-login.ts'
import { destroySocket } from '../../db/socket.ts'
import type { AgentError } from '../../lib/errors.ts'
import { waitForAnswer } from './answer-timeout.ts'
import { connectError } from './connect-errors.ts'
import { beginTransaction, type Connection, copy, query, tryQuery } from './statements.ts'

/**
 * A read-only connection to a Client System: one REPEATABLE READ READ ONLY transaction, so that every statement sees the
 * same state (R5.8). Every answer has a timeout. All errors are AgentErrors with a code `source_…`.
 */
export type Source = AsyncDisposable & {
  /** The version of the server as `server_version_num`: 150018 for 15.18. */
  version: number
  /** The encoding of the database: `UTF8`, `LATIN1`, … */
  encoding: string
  /** The URL without the password. */
  place: string
  /** Runs one statement in the extended protocol, which refuses a second one. */
  query: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>
  /** Runs a statement that the server may refuse. Then returns the error, and the transaction stays usable. */
  tryQuery: <Row extends pg.QueryResultRow>(
    text: string,
  ) => Promise<{ fields: pg.FieldDef[]; rows: Row[] } | { refusal: AgentError }>
  /**
   * Yields the bytes of a `copy … to stdout` as they arrive. A `sparse` answer has few bytes for much computation, so the
   * timeout of the first byte applies to all of them.
   */
  copy: (text: string, options?: { sparse: boolean }) => AsyncGenerator<Buffer, void, undefined>
  /** Closes the connection. Can be called twice. */
  close: () => Promise<void>
}

const closeTimeoutMs = 1_000

/** Connects within `timeouts.connectMs` and begins the transaction. When `signal` aborts, the connection is closed at once. */
export async function openSource(clientSystem: ClientSystem, signal: AbortSignal): Promise<Source> {
  const { timeouts, target, name } = clientSystem
  signal.throwIfAborted()
  const url = new URL(target.url)
  const client = new pg.Client({
    ...connectionOptions(target, { application: 'meter-sync-agent', connectTimeoutMs: 0 }),
    client_encoding: 'UTF8',
  })
  client.on('error', () => undefined)
  const login = observeLogin(client)
  const connection: Connection = { client, name, role: decodeURIComponent(url.username), timeouts }
  url.password = ''
  const place = url.href

  const destroy = () => destroySocket(client)
  signal.addEventListener('abort', destroy, { once: true })
  const close = async () => {
    signal.removeEventListener('abort', destroy)
    const timer = setTimeout(destroy, closeTimeoutMs)
    await client.end().catch(() => undefined)
    clearTimeout(timer)
  }

  try {
    await waitForAnswer(client.connect(), { milliseconds: timeouts.connectMs, doing: 'connecting' }, connection)
    const { version, encoding } = await beginTransaction(connection)
    return {
      version,
      encoding,
      place,
      query: (text, values) => query(connection, text, values),
      tryQuery: (text) => tryQuery(connection, text),
      copy: (text, options) => copy(connection, text, options),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    const { stream } = client.connection
    const trusted = stream instanceof TLSSocket && (stream.authorized || target.tls === 'unverified')
    destroy()
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
