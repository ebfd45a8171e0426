import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import type { Status } from '../../src/wire/types.ts'

export type Gateway = {
  url: string
  /** Whether event streams are held back, as by a proxy that buffers an answer until its end. */
  holdsStreams: boolean
  /** Changes each status on the event streams that are opened from now on; null leaves it as it is. */
  changeStatus: ((status: Status) => void) | null
  /** Ends the event streams that are open now, in whatever state. */
  cut: () => void
}

/** A reverse proxy in front of an agent; it answers 502 itself, with a page of its own, while the agent is down. */
export async function openGateway(t: TestContext, agentUrl: string): Promise<Gateway> {
  const { hostname, port } = new URL(agentUrl)
  const streams = new Set<ServerResponse>()
  const server = createServer((from, to) => {
    const onward = request(
      { hostname, port, path: from.url, method: from.method, headers: from.headers, agent: false },
      (answer) => {
        const isStream = answer.headers['content-type']?.startsWith('text/event-stream') ?? false
        if (isStream) streams.add(to)
        if (isStream && gateway.holdsStreams) return answer.resume()
        to.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.on('error', () => to.destroy())
        if (isStream && gateway.changeStatus !== null) passChanged(answer, to, gateway.changeStatus)
        else answer.pipe(to)
      },
    )
    onward.on('error', () => {
      if (to.headersSent) to.destroy()
      else to.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>')
    })
    to.on('close', () => {
      streams.delete(to)
      onward.destroy()
    })
    from.pipe(onward)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  const address = server.address()
  const gateway: Gateway = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    holdsStreams: false,
    changeStatus: null,
    cut: () => {
      for (const stream of streams) stream.destroy()
    },
  }
  return gateway
}

/** Passes an event stream on, with each status changed. */
function passChanged(from: IncomingMessage, to: ServerResponse, change: (status: Status) => void): void {
  let rest = ''
  from.setEncoding('utf8').on('data', (text: string) => {
    const events = (rest + text).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const changed = event.replace(/(?<=^event: status\n(?:id: .*\n)?data: ).*$/m, (data) => {
        const status: Status = JSON.parse(data)
        change(status)
        return JSON.stringify(status)
      })
      to.write(`${changed}\n\n`)
    }
  })
  from.on('end', () => to.end())
}
