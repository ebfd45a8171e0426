import { connect, createServer, type Socket } from 'node:net'

/**
 * The fault of a connection after the server has sent `after` bytes: `cut` ends it, `reset` resets it, `hold` silently stops
 * all data, `trickle` lets one byte through every ten milliseconds.
 */
export type Fault = { after: number; kind: 'cut' | 'reset' | 'hold' | 'trickle' }

export type Proxy = AsyncDisposable & {
  /** The given URL with the address of the proxy. */
  url: string
  /** The fault of new connections; null for none. */
  fault: Fault | null
  /**
   * Freezes the next connection whose client sends matching bytes, after these have reached the server. The server then
   * waits for a client that sends nothing more. Null freezes none.
   */
  freezeAfter: RegExp | null
  /** The number of connections that `freezeAfter` has frozen. */
  frozen: number
  /** The bytes from the server that were passed on, on the latest connection. */
  sent: number
  /** The number of open connections. */
  open: () => number
  /** Silently stops all data on the open connections, in both directions. */
  freeze: () => void
  /** Silently stops all data on every connection, also on new ones, until `fault` is null again. */
  silence: () => void
}

/** Opens a TCP proxy to a server. Tests use it as a network that fails. */
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
    const countBytes = (bytes: Buffer) => {
      if (!fault || passed + bytes.length < fault.after) return pass(bytes)
      upstream.off('data', countBytes)
      const allowed = fault.after - passed
      if (allowed > 0) pass(bytes.subarray(0, allowed))
      strike(fault.kind, bytes.subarray(allowed))
    }
    proxy.sent = 0
    upstream.on('data', countBytes)
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
