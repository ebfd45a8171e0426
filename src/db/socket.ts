import type pg from 'pg'

/** Closes the socket of a connection at once. Statements that wait for an answer fail with a connection error. */
export function destroySocket(client: pg.Client): void {
  const { stream } = client.connection
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
}
