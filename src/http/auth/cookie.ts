import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sessionSeconds } from '../../agent.ts'

/** The name of the session's cookie. Over TLS it begins with `__Host-`, so that no other host can set the cookie. */
export const sessionCookie = 'meter_sync_session'

export function readSessionCookie(c: Context): string | null {
  return (isSecure(c) ? getCookie(c, sessionCookie, 'host') : getCookie(c, sessionCookie)) ?? null
}

export function setSessionCookie(c: Context, value: string): void {
  const options = { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: sessionSeconds } as const
  if (isSecure(c)) setCookie(c, sessionCookie, value, { ...options, secure: true, prefix: 'host' })
  else setCookie(c, sessionCookie, value, options)
}

export function deleteSessionCookie(c: Context): void {
  if (isSecure(c)) deleteCookie(c, sessionCookie, { path: '/', secure: true, prefix: 'host' })
  else deleteCookie(c, sessionCookie, { path: '/' })
}

/** Returns true when the browser uses TLS, to the agent or to a proxy in front of it. */
function isSecure(c: Context): boolean {
  return new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https'
}
