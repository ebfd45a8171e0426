import { createServer, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { listen } from './servers.ts'

/** Opens a pooler in transaction mode, whose clients share one session of the server. Returns the URL of a database through it. */
export async function startTransactionPooler(t: TestContext, target: string): Promise<string> {
  const session = new pg.Client(target)
  session.on('error', () => undefined)
  await session.connect()
  const { stream: server } = session.connection
  if (!(server instanceof Socket)) throw new Error('the pooler needs a socket')
  server.removeAllListeners('data')
  t.after(() => server.destroy())

  let turn: Promise<void> = Promise.resolve()
  let holder: { socket: Socket; release: () => void } | null = null
  let answer = Buffer.alloc(0)
  server.on('data', (bytes: Buffer) => {
    holder?.socket.write(bytes)
    answer = Buffer.concat([answer, bytes])
    while (answer.length >= 5 && answer.length > answer.readInt32BE(1)) {
      const end = answer.readInt32BE(1) + 1
      const idle = answer.toString('latin1', 0, 1) === 'Z' && answer.toString('latin1', 5, 6) === 'I'
      answer = answer.subarray(end)
      if (idle) holder?.release()
    }
  })

  let clients = 0
  const pooler = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write(greeting(++clients))
      socket.on('data', async (bytes) => {
        if (bytes.toString('latin1', 0, 1) === 'X') return socket.end()
        if (holder?.socket !== socket) {
          const before = turn
          const { promise, resolve } = Promise.withResolvers<void>()
          turn = promise
          await before
          holder = {
            socket,
            release: () => {
              holder = null
              resolve()
            },
          }
        }
        server.write(bytes)
      })
    })
  })
  const url = new URL(target)
  url.port = String(await listen(t, pooler))
  return url.href
}

/** The messages after a login: authentication succeeded, a process id of the pooler, and ready for a query. */
function greeting(client: number): Buffer {
  const message = (type: string, ...numbers: number[]) => {
    const body = Buffer.alloc(4 * numbers.length)
    for (const [at, number] of numbers.entries()) body.writeInt32BE(number, 4 * at)
    return Buffer.concat([Buffer.from(type), lengthOf(body), body])
  }
  const ready = Buffer.from('I')
  return Buffer.concat([message('R', 0), message('K', client, 0), Buffer.from('Z'), lengthOf(ready), ready])
}

function lengthOf(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return length
}
