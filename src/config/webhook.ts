import { isLoopback, type ReportError } from './targets.ts'

/** Where alerts are sent. The URL may hold a token of its receiver, so it is used for the request and nowhere else. */
export type Webhook = { url: string; key: Buffer }

/**
 * Parses the receiver of alerts and its key. Returns null when neither is set, and reports an error when only one is. The key
 * has the form of Standard Webhooks: `whsec_`, then 24 to 64 bytes in base64.
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
