import type { Environment } from './files.ts'

/**
 * Returns the secrets of an environment, valid or not. From a connection URL this is the password, both as it is written
 * and percent-decoded.
 */
export function secretsOf(environment: Environment): string[] {
  const { DATABASE_URL, CLIENT_SYSTEM_URL, AUTH_TOKEN, WEBHOOK_URL, WEBHOOK_SECRET } = environment
  const passwords = [DATABASE_URL, CLIENT_SYSTEM_URL].flatMap((url) => (url ? passwordsOf(url) : []))
  const otherSecrets = [AUTH_TOKEN, WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_SECRET?.replace(/^whsec_/, '')]
  return [...new Set([...passwords, ...otherSecrets])].flatMap((secret) => secret || [])
}

/** Returns the password of a connection URL as it is written and decoded, also of a URL that is invalid. */
function passwordsOf(text: string): string[] {
  const asWritten = /^\w+:\/\/[^:@/]*:(.*)@/s.exec(text)?.[1] ?? ''
  const url = URL.canParse(text) ? new URL(text) : null
  const passwords = [asWritten, url?.password ?? '', url?.searchParams.get('password') ?? '']
  return passwords.flatMap((password) => [password, decode(password)])
}

/** Returns the text itself where it is not percent-encoded correctly. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
