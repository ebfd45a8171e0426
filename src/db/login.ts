import type pg from 'pg'
import { destroySocket } from './silence.ts'

/** What was seen while a connection was made, for the words of its failure. */
export type LoginObservation = {
  /** What the server is, when it is not PostgreSQL. */
  otherServer: () => string | null
  /** The server asked for a password and the URL has none; the driver then throws an error that does not say so. */
  passwordMissing: () => boolean
}

/**
 * Watches a connection that is about to be made. Where the first bytes are those of another protocol the socket is destroyed
 * at once, since the driver would wait for the rest of a message.
 */
export function observeLogin(client: pg.Client): LoginObservation {
  let foreign: string | null = null
  let asked = false
  client.connection.stream.once('data', (bytes: Buffer) => {
    foreign = recognize(bytes)
    if (foreign !== null) destroySocket(client)
  })
  for (const request of ['authenticationSASL', 'authenticationMD5Password', 'authenticationCleartextPassword']) {
    client.connection.once(request, () => {
      asked = true
    })
  }
  return { otherServer: () => foreign, passwordMissing: () => asked && !client.password }
}

function recognize(bytes: Buffer): string | null {
  const text = bytes.toString('latin1')
  if (/^HTTP\//.test(text)) return 'an HTTP server'
  if (/^SSH-/.test(text)) return 'an SSH server'
  // Length in three bytes, the number of the packet, then the protocol's version 10 and the server's, or an error.
  if (/^.{2}\0\0(\n\d+\.\d|\xff)/s.test(text)) return 'a MySQL or MariaDB server'
  return null
}
