import { fileURLToPath } from 'node:url'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Context } from 'hono'
import type { RequestEnv } from './request-env.ts'

/** The files of the page, which `npm run build` writes. */
const directory = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** Serves the scripts, styles and images of the page. */
export const servePageFiles = serveStatic<RequestEnv>({ root: directory, precompressed: true, onFound: setCaching })

const serveIndex = serveStatic<RequestEnv>({
  root: directory,
  path: 'index.html',
  precompressed: true,
  onFound: setCaching,
})

/** Answers with the file of the page. Returns null where the page has not been built. */
export async function answerPage(c: Context<RequestEnv>): Promise<Response | null> {
  return (await serveIndex(c, async () => undefined)) ?? null
}

/** Lets browsers keep the files in `assets/`, whose names contain the hash of their content. */
function setCaching(path: string, c: Context): void {
  c.header('Cache-Control', /\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
}
