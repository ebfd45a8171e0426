import { readFile } from 'node:fs/promises'
import { type Context, Hono } from 'hono'
import { version } from '../lib/version.ts'
import type { Asking } from './auth/origin.ts'

/** Where the agent describes itself. */
export const describedPaths = ['/openapi.json', '/docs', '/docs.css'] as const

/**
 * The API's description and its page. Made when first asked for and kept: most processes never are, and making it takes
 * some megabytes and a tenth of a second.
 */
export function createDescribed() {
  const described = new Hono<Asking>()
  const style = once(() => readFile(new URL('./docs.css', import.meta.url), 'utf8'))
  const description = once(async () => (await import('./openapi.ts')).describeApi(version))
  const text = once(async () => JSON.stringify(await description()))

  described.get('/openapi.json', async (c) => c.body(await text(), 200, { 'Content-Type': 'application/json' }))
  described.get('/docs', async (c) => {
    const { renderDocs } = await import('./docs.ts')
    return c.html(renderDocs(await description(), originOf(c)))
  })
  described.get('/docs.css', async (c) => c.body(await style(), 200, { 'Content-Type': 'text/css; charset=utf-8' }))
  return described
}

function originOf(c: Context<Asking>): string {
  const { protocol, host } = new URL(c.req.url)
  return `${c.req.header('x-forwarded-proto') === 'https' ? 'https:' : protocol}//${host}`
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
