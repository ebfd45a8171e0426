import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import tls from 'node:tls'
import { errorMessage } from '../lib/errors.ts'

/** How to reach a PostgreSQL server. The URL holds a password: it goes to the driver and nowhere else. */
export type DatabaseTarget = {
  url: string
  /** `false` is plaintext, `unverified` is TLS with whatever certificate the server shows. */
  tls: false | 'unverified' | { ca: string | undefined }
}

/** The URL may hold a token of its receiver: it goes into the request and nowhere else. */
export type Webhook = { url: string; key: Buffer }

/** Where a fault of the configuration is told: the variable's name, and what was expected. */
export type ReportError = (name: string, message: string) => void

type Options = {
  /** Whether TLS may leave a remote server unverified where `sslmode` asks for no more than that. */
  insecure?: boolean
}

/** TLS as the URL's `sslmode` asks, but a remote server is verified unless `insecure` allows otherwise. */
export function parseTarget(text: string, name: string, fault: ReportError, { insecure = false }: Options = {}) {
  const url = parseUrl(text, (message) => fault(name, message))
  if (!url) return null
  const sslmode = url.searchParams.get('sslmode')
  const rootCertificate = url.searchParams.get('sslrootcert')
  checkParameters(url, name, fault)
  for (const parameter of ours) url.searchParams.delete(parameter)
  if (sslmode !== null && !sslmodes.has(sslmode)) {
    fault(name, `sslmode=${sslmode} is unknown; expected ${[...sslmodes].join(', ')}`)
    return null
  }
  const hosts = url.searchParams.getAll('host')
  const host = hosts[0] ?? url.hostname.replace(/^\[|\]$/g, '')
  if (host === '' || hosts.length > 1 || host.includes(',')) {
    fault(name, 'expected one host, as in postgres://user@host/database')
    return null
  }
  const local = host.startsWith('/') || isLoopback(host)
  const plaintext = sslmode === 'disable' || (local && (sslmode === null || lenient.has(sslmode)))
  const unverified = insecure && sslmode !== null && (lenient.has(sslmode) || sslmode === 'require')
  const ca =
    rootCertificate && !plaintext ? readAuthority(rootCertificate, (message) => fault(name, message)) : undefined
  const target: DatabaseTarget = { url: url.href, tls: plaintext ? false : unverified ? 'unverified' : { ca } }
  return { target, verified: local || !(plaintext || unverified), sslmode: sslmode ?? 'verify-full' }
}

const example = 'a URL like postgres://user:password@host:5432/database'

/**
 * Parses a connection URL. The forms of libpq that name a socket's directory become `?host=`. What cannot be used is
 * reported in a sentence that holds no part of the user, the password or the host.
 */
function parseUrl(text: string, refuse: (message: string) => void): URL | null {
  const scheme = /^(jdbc:)?([a-z][a-z0-9+.-]*):/i.exec(text)
  if (scheme?.[1]) {
    refuse(`jdbc: begins the URL of a Java program; expected ${example}, with user and password before the host`)
    return null
  }
  if (scheme && !/^postgres(ql)?$/i.test(scheme[2] ?? '') && text.startsWith('://', scheme[2]?.length)) {
    refuse(`${scheme[2]}:// is not PostgreSQL, which is all that the agent connects to; expected ${example}`)
    return null
  }
  if (/^\s*(host|hostaddr|dbname|user|port|password|sslmode)\s*=/.test(text)) {
    refuse(`the form keyword=value is not supported; expected ${example}`)
    return null
  }
  const [, beginning = '', authority = '', rest = ''] = /^(postgres(?:ql)?:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? []
  if (rest.includes('@')) {
    refuse('there is an @ behind the host; percent-encode the password: @ is %40, / is %2F, ? is %3F, # is %23')
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
    refuse('a % in it does not begin a code of two hexadecimal digits; percent-encode the password: % is %25')
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

/** A parameter that the driver would ignore may have named another schema or another way of trust. */
function checkParameters(url: URL, name: string, fault: ReportError): void {
  for (const parameter of new Set(url.searchParams.keys())) {
    if (overriding.includes(parameter)) {
      fault(name, `${parameter} is not supported; TLS is set with sslmode and sslrootcert`)
    } else if (schemas.includes(parameter)) {
      const remedy =
        name === 'CLIENT_SYSTEM_URL'
          ? 'remove it, and name the schema in CLIENT_SYSTEM_QUERY: select * from SCHEMA.TABLE'
          : 'remove it; the tables of the agent are in the schema sync'
      fault(name, `${parameter} is not a parameter of PostgreSQL; ${remedy}`)
    } else if (!ours.includes(parameter) && !known.includes(parameter)) {
      fault(name, `the parameter ${parameter} is unknown and would be ignored; remove it`)
    }
  }
}

/** Returns the certificates of a file, or of the machine where `sslrootcert=system`. */
function readAuthority(file: string, refuse: (message: string) => void): string | undefined {
  if (file === 'system') {
    const found = 'getCACertificates' in tls ? tls.getCACertificates('system') : []
    if (found.length === 0) refuse('sslrootcert=system: no authorities of this machine are found; name a file instead')
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

/** Both or neither. The key is that of Standard Webhooks: 24 to 64 bytes in base64 behind `whsec_`. */
export function parseWebhook(url: string | undefined, secret: string | undefined, fault: ReportError): Webhook | null {
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

/** Of other programs: PostgreSQL has none of them. */
const schemas = ['schema', 'currentSchema', 'search_path']

/** What the driver reads, and what needs nothing done about it. */
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

/** Whether an address is of this machine alone: loopback needs neither token nor TLS. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
