import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import tls from 'node:tls'
import { errorMessage } from '../lib/errors.ts'

/** How to reach a PostgreSQL server. The URL may hold a password, so it is passed to the driver and nowhere else. */
export type DatabaseTarget = {
  url: string
  /** `false` is plaintext; `unverified` is TLS that accepts any certificate; `ca` is the PEM of a private authority. */
  tls: false | 'unverified' | { ca: string | undefined }
}

/** Where alerts are sent. The URL may hold a token of its receiver, so it is used for the request and nowhere else. */
export type Webhook = { url: string; key: Buffer }

/** Reports an error in the configuration: the name of the variable, and what is expected. */
export type ReportError = (name: string, message: string) => void

type Options = {
  /** Allows TLS without verification of a remote server when `sslmode` asks for no verification. */
  insecure?: boolean
}

/**
 * Parses a connection URL; `name` is its variable. TLS follows the URL's `sslmode`, except that a remote server is
 * verified unless `insecure` allows otherwise. Returns null after an error was reported. `verified` is false when the
 * connection would leave this machine in plaintext or without verification.
 */
export function parseTarget(text: string, name: string, reportError: ReportError, { insecure = false }: Options = {}) {
  const url = parseUrl(text, (message) => reportError(name, message))
  if (!url) return null
  const sslmode = url.searchParams.get('sslmode')
  const rootCertificate = url.searchParams.get('sslrootcert')
  checkParameters(url, name, reportError)
  for (const parameter of handled) url.searchParams.delete(parameter)
  if (sslmode !== null && !sslmodes.has(sslmode)) {
    reportError(name, `sslmode=${sslmode} is unknown; expected ${[...sslmodes].join(', ')}`)
    return null
  }
  const hosts = url.searchParams.getAll('host')
  const host = hosts[0] ?? url.hostname.replace(/^\[|\]$/g, '')
  if (host === '' || hosts.length > 1 || host.includes(',')) {
    reportError(name, 'expected one host, as in postgres://user@host/database')
    return null
  }
  const local = host.startsWith('/') || isLoopback(host)
  const plaintext = sslmode === 'disable' || (local && (sslmode === null || lenient.has(sslmode)))
  const unverified = insecure && sslmode !== null && (lenient.has(sslmode) || sslmode === 'require')
  const ca =
    rootCertificate && !plaintext ? readAuthority(rootCertificate, (message) => reportError(name, message)) : undefined
  const target: DatabaseTarget = { url: url.href, tls: plaintext ? false : unverified ? 'unverified' : { ca } }
  return { target, verified: local || !(plaintext || unverified), sslmode: sslmode ?? 'verify-full' }
}

const example = 'a URL like postgres://user:password@host:5432/database'

/**
 * Parses a connection URL. A socket directory in the host, as libpq allows, becomes `?host=`. An invalid URL is passed to
 * `refuse` in a sentence that holds no part of the user, the password or the host.
 */
function parseUrl(text: string, refuse: (message: string) => void): URL | null {
  const scheme = /^(jdbc:)?([a-z][a-z0-9+.-]*):/i.exec(text)
  if (scheme?.[1]) {
    refuse(`a JDBC URL is not supported; expected ${example}, with user and password before the host`)
    return null
  }
  if (scheme && !/^postgres(ql)?$/i.test(scheme[2] ?? '') && text.startsWith('://', scheme[2]?.length)) {
    refuse(`${scheme[2]}:// is not supported, because the agent connects only to PostgreSQL; expected ${example}`)
    return null
  }
  if (/^\s*(host|hostaddr|dbname|user|port|password|sslmode)\s*=/.test(text)) {
    refuse(`the form keyword=value is not supported; expected ${example}`)
    return null
  }
  const [, beginning = '', authority = '', rest = ''] = /^(postgres(?:ql)?:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? []
  if (rest.includes('@')) {
    refuse('there is an @ after the host; percent-encode the password: @ is %40, / is %2F, ? is %3F, # is %23')
    return null
  }
  const [, user = '', place = ''] = /^(.*@)?(.*)$/s.exec(authority) ?? []
  const directory = /^(%2f[^:]*)(:\d+)?$/i.exec(place)
  const socket = directory ? `${beginning}${user}localhost${directory[2] ?? ''}${rest}` : null
  const hostless = place === '' && /[?&]host=[^&]/.test(rest) ? `${beginning}${user}localhost${rest}` : null
  const usable = socket ?? hostless ?? text
  if (beginning === '' || !URL.canParse(usable)) {
    refuse(`expected ${example}`)
    return null
  }
  const url = new URL(usable)
  if (!isDecodable(url)) {
    refuse('a % is not followed by two hexadecimal digits; percent-encode the password: % is %25')
    return null
  }
  if (directory?.[1]) url.searchParams.set('host', decodeURIComponent(directory[1]))
  return url
}

function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/**
 * Reports parameters that the driver would ignore or that would override TLS. Ignoring them silently could read another
 * schema than the administrator named, or trust another server.
 */
function checkParameters(url: URL, name: string, reportError: ReportError): void {
  for (const parameter of new Set(url.searchParams.keys())) {
    if (overriding.includes(parameter)) {
      reportError(name, `${parameter} is not supported; TLS is set with sslmode and sslrootcert`)
    } else if (schemas.includes(parameter)) {
      const remedy =
        name === 'CLIENT_SYSTEM_URL'
          ? 'remove it, and name the schema in CLIENT_SYSTEM_QUERY: select * from SCHEMA.TABLE'
          : 'remove it; the tables of the agent are in the schema sync'
      reportError(name, `${parameter} is not a parameter of PostgreSQL; ${remedy}`)
    } else if (!handled.includes(parameter) && !known.includes(parameter)) {
      reportError(name, `the parameter ${parameter} is unknown and would be ignored; remove it`)
    }
  }
}

/** Returns the certificates of a file, or of the machine where `sslrootcert=system`. */
function readAuthority(file: string, refuse: (message: string) => void): string | undefined {
  if (file === 'system') {
    const found = 'getCACertificates' in tls ? tls.getCACertificates('system') : []
    if (found.length === 0)
      refuse('sslrootcert=system: this machine has no certificate authorities; name a file instead')
    return found.join('\n')
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    refuse(`sslrootcert cannot be read: ${errorMessage(error)}`)
    return undefined
  }
  try {
    new X509Certificate(text)
    return text
  } catch {
    refuse(`sslrootcert: ${file} holds no certificate; expected PEM, which begins with -----BEGIN CERTIFICATE-----`)
    return undefined
  }
}

/**
 * Parses the receiver of alerts and its key; null when neither is set, and an error when only one is. The key has the form
 * of Standard Webhooks: `whsec_`, then 24 to 64 bytes in base64.
 */
export function parseWebhook(
  url: string | undefined,
  secret: string | undefined,
  reportError: ReportError,
): Webhook | null {
  if (url === undefined && secret === undefined) return null
  if (url === undefined)
    reportError('WEBHOOK_URL', 'expected the URL that receives alerts, because WEBHOOK_SECRET is set')
  else if (!isWebhookUrl(url)) {
    reportError('WEBHOOK_URL', 'expected a URL like https://host/path without user and password; http only to loopback')
  }
  const key = Buffer.from(/^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret ?? '')?.[1] ?? '', 'base64')
  if (key.length < 24 || key.length > 64) {
    reportError(
      'WEBHOOK_SECRET',
      'expected whsec_ and 24 to 64 bytes in base64: echo "whsec_$(openssl rand -base64 32)"',
    )
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

/** Parameters that are parsed here or that the agent sets itself; they are removed before the driver sees the URL. */
const handled = [
  ...['sslmode', 'sslrootcert', 'uselibpqcompat', 'client_encoding', 'query_timeout'],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'],
]

/** Parameters that would override the TLS settings above: `ssl=0` means plaintext, a certificate drops the authority. */
const overriding = ['ssl', 'sslcert', 'sslkey', 'sslpassword', 'sslnegotiation']

/** Parameters of other programs that name a schema; PostgreSQL has none of them. */
const schemas = ['schema', 'currentSchema', 'search_path']

/** Parameters that the driver reads, and parameters of libpq that can be ignored without harm. */
const known = [
  ...['host', 'port', 'user', 'password', 'application_name', 'fallback_application_name', 'options'],
  ...[
    'connect_timeout',
    'keepalives',
    'keepalives_idle',
    'keepalives_interval',
    'keepalives_count',
    'tcp_user_timeout',
  ],
  ...['target_session_attrs', 'channel_binding', 'gssencmode', 'sslsni', 'sslcompression', 'pgbouncer'],
]

/** Returns true when an address can be reached only from this machine. Such an address needs neither a token nor TLS. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
