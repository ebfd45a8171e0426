/** Servers that are not PostgreSQL, or that behave like one during login. */
import { createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'

/** A self-signed certificate for other.example. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgixUahekF4IZw1qZX
twzuCu7wBQnXVDR7ecJ0wFY9T2OhRANCAAQo+82/dcjpEHDNdGrQABixe5b+1vt/
TZrIPxZcgfDBFm4plmWh679o/Hs7NG1sy0MnA+BlLdwKG6NlJwHQR58X
-----END PRIVATE KEY-----`
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIURKerORnt8FlkpTB/HsXZmLk3NFIwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTAgFw0yNjExMjMxNDM1MTlaGA8yMTI2
MTAzMDE0MzUxOVowGDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABCj7zb91yOkQcM10atAAGLF7lv7W+39Nmsg/FlyB8MEW
bimWZaHrv2j8ezs0bWzLQycD4GUt3Aobo2UnAdBHnxejbTBrMB0GA1UdDgQWBBSA
Mublf0ZKOg6WojciSCjaGmCavTAfBgNVHSMEGDAWgBSAMublf0ZKOg6WojciSCja
GmCavTAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDW90aGVyLmV4YW1wbGUw
CgYIKoZIzj0EAwIDRwAwRAIgPjoSN5/FbrMY6IyEDFbgQySVgqzSxWzlv0rnP1cF
aZwCIFq/tHuNil2rzN7wB6YteIDWFuXTdUq03KzmZwvibZtu
-----END CERTIFICATE-----`

/** An error of PostgreSQL: the length of the fields, then each with its letter, and a zero byte. */
const fields = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0')
const refusal = Buffer.concat([Buffer.from([0x45, 0, 0, 0, fields.length + 4]), fields])

/** Starts a server that accepts TLS with the certificate above, as PostgreSQL does, and then refuses the login. */
export async function startTlsServer(t: TestContext): Promise<number> {
  const context = createSecureContext({ key, cert: certificate })
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write('S')
      const secure = new TLSSocket(socket, { isServer: true, secureContext: context }).on('error', () => undefined)
      secure.once('data', () => secure.end(refusal))
    })
  })
  return await listen(t, server)
}

/**
 * Starts a server that accepts connections and sends nothing. Freezing a real server during a login would keep other tests
 * from creating databases.
 */
export async function startSilentServer(t: TestContext) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.resume()
  })
  const port = await listen(t, server)
  return { url: `postgres://reader@127.0.0.1:${port}/master`, open: () => sockets.size }
}

/** Starts a server that sends a greeting first, as MariaDB and SSH do, and ignores its client. */
export async function startGreetingServer(t: TestContext, greeting: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(Buffer.from(greeting, 'latin1'))
    socket.resume()
  })
  return await listen(t, server)
}

/** Returns a port of this machine that is not in use. */
export async function findClosedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const port = portOf(server)
  await new Promise((closed) => server.close(closed))
  return port
}

/** Returns the port on which the server listens until the test ends. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.after(() => server.close())
  return portOf(server)
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
