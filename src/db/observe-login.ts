import type pg from 'pg'
import { destroySocket } from './socket.ts'

/** What was observed while a connection was opened, to explain why it failed. */
export type LoginObservation = {
  /** The kind of server when it is not PostgreSQL, such as "an HTTP server"; otherwise null. */
  otherServer: () => string | null
  /** True when the server requested a password and the URL has none. The error of the driver does not say so. */
  passwordMissing: () => boolean
}

/**
 * Observes a connection that is about to be opened. When the first bytes belong to another protocol the socket is closed
 * at once, because the driver would wait for the rest of a message.
 */
export function observeLogin(client: pg.Client): LoginObservation {
  let otherServer: string | null = null
  let isPasswordRequested = false
  client.connection.stream.once('data', (bytes: Buffer) => {
    otherServer = recognize(bytes)
    if (otherServer !== null) destroySocket(client)
  })
  for (const request of ['authenticationSASL', 'authenticationMD5Password', 'authenticationCleartextPassword']) {
    client.connection.once(request, () => {
      isPasswordRequested = true
    })
  }
  return { otherServer: () => otherServer, passwordMissing: () => isPasswordRequested && !client.password }
}

/** Returns the kind of server that sends these first bytes; null when it may be PostgreSQL. */
function recognize(bytes: Buffer): string | null {
  const text = bytes.toString('latin1')
  if (/^HTTP\//.test(text)) return 'an HTTP server'
  if (/^SSH-/.test(text)) return 'an SSH server'
  // Three bytes of length, the packet number 0, then protocol version 10 and the version of the server, or an error packet.
  if (/^.{2}\0\0(\n\d+\.\d|\xff)/s.test(text)) return 'a MySQL or MariaDB server'
  return null
}
