import { defineConfig } from 'vite'
import { precompress } from './compress.ts'
import { buildGuides } from './guides.ts'

/** The page is served under `script-src 'self'; style-src 'self'`: nothing is inlined, nothing is injected. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [buildGuides(), precompress()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:3000' } },
})
