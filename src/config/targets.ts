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

/** Reports an error in the configuration: the name of the variable, and what is expected. */
export type ReportError = (name: string, message: string) => void

type ParseOptions = {
  /** Allows TLS without verification of a remote server when `sslmode` requires no verification. */
  insecure?: boolean
}

export type ParsedTarget = {
  target: DatabaseTarget
  /** False when the connection would leave this machine in plaintext or without verification. */
  verified: boolean
  sslmode: string
}

const sslmodes = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'])
/** The modes in which libpq uses TLS only where the server offers it. */
const lenientModes = new Set(['allow', 'prefer'])

/**
 * Parses a connection URL; `name` is its variable. TLS follows the URL's `sslmode`, except that a remote server is
 * verified unless `insecure` allows otherwise. Returns null after an error was reported.
 */
export function parseTarget(
  text: string,
  name: string,
  reportError: ReportError,
  { insecure = false }: ParseOptions = {},
): ParsedTarget | null {
  const url = parseUrl(text, (message) => reportError(name, message))
  if (!url) return null
  const sslmode = url.searchParams.get('sslmode')
  const rootCertificate = url.searchParams.get('sslrootcert')
  checkParameters(url, name, reportError)
  for (const parameter of ownParameters) url.searchParams.delete(parameter)
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
  const plaintext = sslmode === 'disable' || (local && (sslmode === null || lenientModes.has(sslmode)))
  const unverified = insecure && sslmode !== null && (lenientModes.has(sslmode) || sslmode === 'require')
  const ca =
    rootCertificate && !plaintext ? readAuthority(rootCertificate, (message) => reportError(name, message)) : undefined
  const target: DatabaseTarget = { url: url.href, tls: plaintext ? false : unverified ? 'unverified' : { ca } }
  return { target, verified: local || !(plaintext || unverified), sslmode: sslmode ?? 'verify-full' }
}

const example = 'a URL like postgres://user:password@host:5432/database'

/**
 * Parses a connection URL. A socket directory in the host, as libpq allows, becomes `?host=`. An invalid URL is
 * reported in a sentence that holds no part of the user, the password or the host.
 */
function parseUrl(text: string, report: (message: string) => void): URL | null {
  const scheme = /^(jdbc:)?([a-z][a-z0-9+.-]*):/i.exec(text)
  if (scheme?.[1]) {
    report(`a JDBC URL is not supported; expected ${example}, with user and password before the host`)
    return null
  }
  if (scheme && !/^postgres(ql)?$/i.test(scheme[2] ?? '') && text.startsWith('://', scheme[2]?.length)) {
    report(`${scheme[2]}:// is not supported, because the agent connects only to PostgreSQL; expected ${example}`)
    return null
  }
  if (/^\s*(host|hostaddr|dbname|user|port|password|sslmode)\s*=/.test(text)) {
    report(`the form keyword=value is not supported; expected ${example}`)
    return null
  }
  const [, beginning = '', authority = '', rest = ''] = /^(postgres(?:ql)?:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? []
  if (rest.includes('@')) {
    report('there is an @ after the host; percent-encode the password: @ is %40, / is %2F, ? is %3F, # is %23')
    return null
  }
  const [, user = '', place = ''] = /^(.*@)?(.*)$/s.exec(authority) ?? []
  const directory = /^(%2f[^:]*)(:\d+)?$/i.exec(place)
  const socket = directory ? `${beginning}${user}localhost${directory[2] ?? ''}${rest}` : null
  const hostless = place === '' && /[?&]host=[^&]/.test(rest) ? `${beginning}${user}localhost${rest}` : null
  const standardUrl = socket ?? hostless ?? text
  if (beginning === '' || !URL.canParse(standardUrl)) {
    report(`expected ${example}`)
    return null
  }
  const url = new URL(standardUrl)
  if (!isDecodable(url)) {
    report('a % is not followed by two hexadecimal digits; percent-encode the password: % is %25')
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

/** Parameters that are parsed here or that the agent sets itself; they are removed before the driver sees the URL. */
const ownParameters = [
  ...['sslmode', 'sslrootcert', 'uselibpqcompat', 'client_encoding', 'query_timeout'],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'],
]

/** Parameters that would override the TLS settings above: `ssl=0` means plaintext, a certificate drops the authority. */
const tlsParameters = ['ssl', 'sslcert', 'sslkey', 'sslpassword', 'sslnegotiation']

/** Parameters of other programs that name a schema; PostgreSQL has none of them. */
const schemaParameters = ['schema', 'currentSchema', 'search_path']

/** Parameters that the driver reads, and parameters of libpq that can be ignored without harm. */
const acceptedParameters = [
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

/**
 * Reports parameters that the driver would ignore or that would override TLS. Ignoring them silently could read another
 * schema than the administrator named, or trust another server.
 */
function checkParameters(url: URL, name: string, reportError: ReportError): void {
  for (const parameter of new Set(url.searchParams.keys())) {
    if (tlsParameters.includes(parameter)) {
      reportError(name, `${parameter} is not supported; TLS is set with sslmode and sslrootcert`)
    } else if (schemaParameters.includes(parameter)) {
      const remedy =
        name === 'CLIENT_SYSTEM_URL'
          ? 'remove it, and name the schema in CLIENT_SYSTEM_QUERY: select * from SCHEMA.TABLE'
          : 'remove it; the tables of the agent are in the schema sync'
      reportError(name, `${parameter} is not a parameter of PostgreSQL; ${remedy}`)
    } else if (!ownParameters.includes(parameter) && !acceptedParameters.includes(parameter)) {
      reportError(name, `the parameter ${parameter} is unknown and would be ignored; remove it`)
    }
  }
}

/** Returns the certificates of a file, or of the machine where `sslrootcert=system`. */
function readAuthority(file: string, report: (message: string) => void): string | undefined {
  if (file === 'system') {
    const certificates = 'getCACertificates' in tls ? tls.getCACertificates('system') : []
    if (certificates.length === 0)
      report('sslrootcert=system: this machine has no certificate authorities; name a file instead')
    return certificates.join('\n')
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    report(`sslrootcert cannot be read: ${errorMessage(error)}`)
    return undefined
  }
  try {
    new X509Certificate(text)
    return text
  } catch {
    report(`sslrootcert: ${file} holds no certificate; expected PEM, which begins with -----BEGIN CERTIFICATE-----`)
    return undefined
  }
}

/** Returns true when an address can be reached only from this machine. Such an address needs neither a token nor TLS. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
