import { readFile } from 'node:fs/promises'
import { version } from '../lib/version.ts'
import type { ApiDocs } from './routes/route.ts'

/**
 * Returns the API's description and its page. They are created at the first request and kept, because most processes never
 * need them, and creating them takes some megabytes and a tenth of a second.
 */
export function createApiDocs(): ApiDocs {
  const style = once(async () => {
    const files = ['./document.css', './docs.css'].map((file) => readFile(new URL(file, import.meta.url), 'utf8'))
    return (await Promise.all(files)).join('\n')
  })
  const description = once(async () => (await import('./openapi.ts')).describeApi(version))
  return {
    style,
    json: once(async () => JSON.stringify(await description())),
    page: async (origin) => (await import('./docs.ts')).renderDocs(await description(), origin),
  }
}

function once<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | undefined
  return () => {
    created ??= create()
    return created
  }
}
