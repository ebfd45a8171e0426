import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Smaller files fit one packet as they are. */
const minBytes = 1_000

/** Writes a `.br` and a `.gz` beside every text of the build: the agent serves them and never compresses by itself. */
export function precompress(): Plugin {
  return {
    name: 'precompress',
    closeBundle() {
      const root = join(import.meta.dirname, 'dist')
      for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(html|js|css|svg)$/.test(name)) continue
        const path = join(root, name)
        const bytes = readFileSync(path)
        if (bytes.length < minBytes) continue
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: quality }))
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
