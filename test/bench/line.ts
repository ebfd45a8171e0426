import { fork } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

/** A slow line: 100 Mbit/s each way, 40 ms there and back. */
export const line = { megabits: 100, roundTripMilliseconds: 40 }

/** What may be under way on the line: more than it holds in a round trip, so that the sender never waits for its answer. */
const mostUnderWay = 1_048_576

export type Line = AsyncDisposable & {
  /** The URL given, by way of the line. */
  url: string
}

/** Opens a line to a server, in a process of its own: it must not share a processor's time with what is measured. */
export async function openLine(target: string): Promise<Line> {
  const child = fork(fileURLToPath(import.meta.url), [target], { stdio: 'inherit' })
  const leaveNone = () => void child.kill('SIGKILL')
  process.on('exit', leaveNone)
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const port = await new Promise<string>((up, failed) => {
    child.once('message', (message) => up(String(message)))
    exited.then(() => failed(new Error('The line did not open')))
  })
  const url = new URL(target)
  url.port = port
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await exited
      process.off('exit', leaveNone)
    },
  }
}

/** One direction: bytes leave one after the other, at the line's speed, and arrive in their order half a round trip later. */
function forward(from: Socket, to: Socket): void {
  const bytesPerMillisecond = (line.megabits * 1e6) / 8 / 1_000
  const underWay: { bytes: Buffer; due: number }[] = []
  let free = 0
  let length = 0
  let expecting = false
  const deliver = () => {
    expecting = false
    while (underWay[0] && underWay[0].due <= performance.now()) {
      const { bytes } = underWay.shift() ?? { bytes: Buffer.alloc(0) }
      length -= bytes.length
      to.write(bytes)
    }
    if (length <= mostUnderWay) from.resume()
    expect()
  }
  const expect = () => {
    if (expecting || !underWay[0]) return
    expecting = true
    setTimeout(deliver, Math.max(1, underWay[0].due - performance.now()))
  }
  from.on('data', (bytes) => {
    const now = performance.now()
    free = Math.max(free, now) + bytes.length / bytesPerMillisecond
    underWay.push({ bytes, due: free + line.roundTripMilliseconds / 2 })
    length += bytes.length
    if (length > mostUnderWay) from.pause()
    expect()
  })
  from.on('error', () => undefined)
  from.on('close', () => setTimeout(() => to.destroy(), line.roundTripMilliseconds))
}

if (process.send) {
  const target = new URL(process.argv[2] ?? '')
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
    forward(client, upstream)
    forward(upstream, client)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address ? address.port : 0)
  })
  process.on('SIGTERM', () => process.exit(0))
}
