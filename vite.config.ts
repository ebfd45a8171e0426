import { cpSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { defineConfig } from 'vite'

const sources = join(import.meta.dirname, 'src')

/**
 * Bundles the program into `dist/main.cjs`, beside the SQL and the styles that it reads. The packages stay in `node_modules`.
 * CommonJS, because an `import` of a built-in module evaluates all of its exports: `node:http` alone takes 13 MB more
 * than by `require`.
 */
export default defineConfig({
  plugins: [
    {
      name: 'keep-places',
      // A module names files from its own place; they lie in the same place beside the bundle.
      transform: (code, id) => {
        const place = relative(sources, id).replaceAll('\\', '/')
        return place.startsWith('.')
          ? null
          : code.replaceAll('import.meta.url', `new URL('./${place}', import.meta.url).href`)
      },
      closeBundle: () => cpSync(sources, 'dist', { recursive: true, filter: (path) => extname(path) !== '.ts' }),
    },
  ],
  build: {
    ssr: 'src/main.ts',
    target: 'node22',
    rolldownOptions: {
      output: {
        format: 'cjs',
        entryFileNames: 'main.cjs',
        chunkFileNames: '[name].cjs',
        // The limits of the heap apply to what is loaded after them, so they are a file of their own, loaded first.
        codeSplitting: { groups: [{ name: 'memory', test: /src.lib.memory/ }] },
      },
    },
  },
})
