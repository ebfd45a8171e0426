import { connect, createServer, type Socket } from 'node:net'

/**
 * What becomes of a connection once the server has sent `after` bytes: `cut` ends it, `reset` resets it, `hold` lets
 * nothing more through and says nothing, `trickle` lets a byte through every ten milliseconds.
 */
export type Fault = { after: number; kind: 'cut' | 'reset' | 'hold' | 'trickle' }

export type Proxy = AsyncDisposable & {
  /** The URL given, by way of the proxy. */
  url: string
  /** For connections to come; null lets everything through. */
  fault: Fault | null
  /**
   * The next connection whose client sends matching bytes is frozen once they have reached the server: the server goes
   * on to wait for a client that says nothing more. Null freezes none.
   */
  freezeAfter: RegExp | null
  /** How many connections `freezeAfter` has frozen. */
  frozen: number
  /** Bytes that the server sent on the latest connection, as far as they were let through. */
  sent: number
  /** Connections that are open now. */
  open: () => number
  /** Nothing more passes on the connections that are open now, in either direction, and nobody is told. */
  freeze: () => void
  /** Nothing more passes on any connection, those to come among them, until `fault` is null again. */
  silence: () => void
}

/** A network between the agent and a server that can break. */
export async function openProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: false }, (client) => {
    const { fault } = proxy
    const upstream = connect(Number(port), hostname)
    let timer: NodeJS.Timeout | undefined
    let passed = 0
    const pass = (bytes: Buffer) => {
      passed += bytes.length
      proxy.sent = passed
      client.write(bytes)
    }
    const strike = (kind: Fault['kind'], rest: Buffer) => {
      if (kind === 'hold') return upstream.pause()
      if (kind === 'cut' || kind === 'reset') {
        if (kind === 'reset') client.resetAndDestroy()
        else client.destroySoon()
        return upstream.destroy()
      }
      upstream.pause()
      let at = 0
      timer = setInterval(() => {
        if (at < rest.length) return pass(rest.subarray(at, ++at))
        const more: Buffer | null = upstream.read()
        if (more === null) return
        rest = more
        at = 0
      }, 10)
    }
    const hear = (bytes: Buffer) => {
      if (!fault || passed + bytes.length < fault.after) return pass(bytes)
      upstream.off('data', hear)
      const allowed = fault.after - passed
      if (allowed > 0) pass(bytes.subarray(0, allowed))
      strike(fault.kind, bytes.subarray(allowed))
    }
    proxy.sent = 0
    upstream.on('data', hear)
    client.on('data', (bytes) => {
      upstream.write(bytes)
      if (!proxy.freezeAfter?.test(bytes.toString('latin1'))) return
      proxy.freezeAfter = null
      proxy.frozen++
      for (const socket of [client, upstream]) socket.removeAllListeners('data').pause()
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        clearInterval(timer)
        sockets.delete(socket)
        other.destroySoon()
      })
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const url = new URL(target)
  url.port = String(typeof address === 'object' && address ? address.port : 0)
  const proxy: Proxy = {
    url: url.href,
    fault: null,
    freezeAfter: null,
    frozen: 0,
    sent: 0,
    open: () => sockets.size,
    freeze: () => {
      for (const socket of sockets) socket.removeAllListeners('data').pause()
    },
    silence: () => {
      proxy.fault = { after: 0, kind: 'hold' }
      proxy.freeze()
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
  return proxy
}
