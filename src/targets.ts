import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { errorMessage } from './errors.ts'

/** How to reach a PostgreSQL server. The URL holds a password: it goes to the driver and nowhere else. */
export type DatabaseTarget = {
  url: string
  /** What to tell TLS; false is plaintext. */
  tls: false | { ca: string | undefined }
}

/** The URL may hold a token of its receiver: it goes into the request and nowhere else. */
export type Webhook = { url: string; key: Buffer }

/** Where a fault of the configuration is told: the variable's name, and what was expected. */
export type Fault = (name: string, message: string) => void

/** TLS as the URL's `sslmode` asks, but a remote server is verified unless the URL says plainly that it must not be. */
export function parseTarget(text: string, name: string, fault: Fault) {
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    fault(name, 'expected a URL like postgres://user@host/database')
    return null
  }
  const url = new URL(text)
  const sslmode = url.searchParams.get('sslmode')
  const rootCertificate = url.searchParams.get('sslrootcert')
  for (const parameter of overriding) {
    if (url.searchParams.has(parameter))
      fault(name, `${parameter} is not supported; TLS is set with sslmode and sslrootcert`)
  }
  for (const parameter of ours) url.searchParams.delete(parameter)
  if (sslmode !== null && !sslmodes.has(sslmode)) {
    fault(name, `sslmode=${sslmode} is unknown; expected ${[...sslmodes].join(', ')}`)
    return null
  }
  const hosts = url.searchParams.getAll('host')
  const host = hosts[0] ?? url.hostname.replace(/^\[|\]$/g, '')
  if (host === '' || hosts.length > 1) {
    fault(name, 'expected one host, as in postgres://user@host/database')
    return null
  }
  const local = host.startsWith('/') || isLoopback(host)
  const plaintext = sslmode === 'disable' || (local && (sslmode === null || lenient.has(sslmode)))
  let ca: string | undefined
  if (rootCertificate && !plaintext) {
    try {
      ca = readFileSync(rootCertificate, 'utf8')
    } catch (error) {
      fault(name, `sslrootcert cannot be read: ${errorMessage(error)}`)
    }
  }
  const target: DatabaseTarget = { url: url.href, tls: plaintext ? false : { ca } }
  return { target, verified: local || !plaintext, sslmode: sslmode ?? 'verify-full' }
}

/** Both or neither. The key is that of Standard Webhooks: 24 to 64 bytes in base64 behind `whsec_`. */
export function parseWebhook(url: string | undefined, secret: string | undefined, fault: Fault): Webhook | null {
  if (url === undefined && secret === undefined) return null
  if (url === undefined) fault('WEBHOOK_URL', 'expected the URL that takes the alerts, because WEBHOOK_SECRET is set')
  else if (!isWebhookUrl(url)) {
    fault('WEBHOOK_URL', 'expected a URL like https://host/path without user and password; http only to loopback')
  }
  const key = Buffer.from(/^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret ?? '')?.[1] ?? '', 'base64')
  if (key.length < 24 || key.length > 64) {
    fault('WEBHOOK_SECRET', 'expected whsec_ and 24 to 64 bytes in base64: echo "whsec_$(openssl rand -base64 32)"')
  }
  return url === undefined ? null : { url, key }
}

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')))
}

const sslmodes = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'])
const lenient = new Set(['allow', 'prefer'])

/** What is read here, and what the agent sets by itself. */
const ours = [
  ...['sslmode', 'sslrootcert', 'uselibpqcompat', 'client_encoding', 'query_timeout'],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'],
]

/** In a URL these would win over what is told to TLS here: `ssl=0` is plaintext, a certificate drops the authority. */
const overriding = ['ssl', 'sslcert', 'sslkey', 'sslpassword', 'sslnegotiation']

/** Requirement of CONTRACT.md, *Environment*: loopback needs neither token nor TLS. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
