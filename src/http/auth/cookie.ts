import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sessionSeconds } from '../../agent.ts'

/** The cookie of a session: HttpOnly and SameSite=Strict. Over TLS its name begins with `__Host-`, so that no other host can set it. */
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

/** Whether the browser speaks TLS, to the agent or to the proxy in front of it. */
function isSecure(c: Context): boolean {
  return new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https'
}
