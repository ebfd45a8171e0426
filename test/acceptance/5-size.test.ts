import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

test('the page is small: all of its JavaScript is under 60 kB on the wire, and every file comes from the agent', () => {
  const dist = fileURLToPath(new URL('../../web/dist', import.meta.url))
  const scripts = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'))
  const bytes = scripts.map((name) => gzipSync(readFileSync(join(dist, 'assets', name))).length)
  assert.ok(bytes.length > 0)
  assert.ok(bytes.reduce((sum, one) => sum + one, 0) < 60_000, `${bytes}`)
  assert.doesNotMatch(readFileSync(join(dist, 'index.html'), 'utf8'), /(src|href)="(https?:)?\/\//)
})
