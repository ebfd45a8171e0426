/**
 * Describes a network error in plain words, followed by the text of Node.js in parentheses; null for any other error. The
 * plain words come first because an administrator looks for them.
 */
export function describeSystemError(error: Error): string | null {
  const { code, syscall, hostname, address, port, path } = detailsOf(error)
  const place =
    address === null ? null : port === null ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`
  const words = describe(code, syscall, { host: hostname ?? 'the server', place: place ?? path ?? 'the server' })
  return words === null ? null : `${words} (${error.message})`
}

type Details = Record<'code' | 'syscall' | 'hostname' | 'address' | 'port' | 'path', string | null>

function detailsOf(error: Error): Details {
  const values = new Map<string, unknown>(Object.entries(error))
  const read = (name: string) => {
    const value = values.get(name)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null
  }
  return {
    code: read('code'),
    syscall: read('syscall'),
    hostname: read('hostname'),
    address: read('address'),
    port: read('port'),
    path: read('path'),
  }
}

function describe(code: string | null, syscall: string | null, { host, place }: { host: string; place: string }) {
  if (syscall === 'getaddrinfo') {
    return code === 'EAI_AGAIN'
      ? `host name ${host} not found, because no name server answers`
      : `host name ${host} not found`
  }
  if (syscall === 'connect') return connectErrors[code ?? '']?.(place) ?? null
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the other side closed the connection'
  if (code === 'ETIMEDOUT') return 'the network no longer answers'
  return null
}

const connectErrors: Record<string, (place: string) => string> = {
  ECONNREFUSED: (place) => `connection refused by ${place}`,
  ECONNRESET: (place) => `${place} closed the connection`,
  EHOSTUNREACH: (place) => `no route to ${place}`,
  ENETUNREACH: (place) => `network of ${place} not reachable`,
  ETIMEDOUT: (place) => `no answer from ${place}`,
  EACCES: (place) => `no permission to connect to ${place}`,
  ENOENT: (place) => `there is no socket ${place}`,
}
