import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(project, path), 'utf8')
const sources = globSync('src/**/*.ts', { cwd: project }).sort()

/** The layers from the top: an import points down this list, or stays within its layer. */
const layers = [
  /^src\/main\.ts$/,
  /^src\/service\.ts$/,
  /^src\/cli\//,
  /^src\/(http|mcp)\//,
  /^src\/(agent|create-agent)\.ts$/,
  /^src\/workers\//,
  /^src\/alerts\//,
  /^src\/access\//,
  /^src\/live\//,
  /^src\/mirror\//,
  /^src\/runs\//,
  /^src\/readings\//,
  /^src\/meters\//,
  /^src\/collection\//,
  /^src\/db\//,
  /^src\/config\//,
  /^src\/wire\//,
  /^src\/lib\//,
]

const layerOf = (path: string) => layers.findIndex((layer) => layer.test(path))

type Import = { from: string; to: string; typeOnly: boolean; whenNeeded: boolean }

const imports: Import[] = sources.flatMap((from) =>
  [
    ...read(from).matchAll(/(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'|import\('(\.[^']+)'\)/g),
  ].map(([, typeOnly, named, dynamic]) => ({
    from,
    to: normalize(join(dirname(from), named ?? dynamic ?? '')),
    typeOnly: typeOnly !== undefined,
    whenNeeded: dynamic !== undefined,
  })),
)

test('every import points down the layers, or stays within one', () => {
  assert.ok(imports.length > 50)
  for (const { from, to } of imports) {
    if (from.startsWith('src/demo/')) continue
    if (to.startsWith('src/demo/')) {
      assert.equal(from, 'src/main.ts', `only main.ts may load the demonstration, not ${from}`)
      continue
    }
    assert.notEqual(layerOf(from), -1, `${from} is in no layer`)
    assert.notEqual(layerOf(to), -1, `${to} is in no layer`)
    assert.ok(layerOf(from) <= layerOf(to), `${from} imports ${to}`)
  }
})

test('http and mcp see only the agent, the wire, the configuration and lib', () => {
  for (const { from, to } of imports.filter((one) => /^src\/(http|mcp)\//.test(one.from))) {
    const own = from.split('/')[1] === to.split('/')[1]
    assert.ok(own || /^src\/(agent\.ts$|wire\/|config\/|lib\/)/.test(to), `${from} imports ${to}`)
  }
})

test('there is no cycle of imports', () => {
  const visiting = new Set<string>()
  const done = new Set<string>()
  const visit = (path: string, trail: string[]) => {
    assert.ok(!visiting.has(path), `a cycle: ${[...trail, path].join(' → ')}`)
    if (done.has(path)) return
    visiting.add(path)
    for (const { from, to } of imports) if (from === path) visit(to, [...trail, path])
    visiting.delete(path)
    done.add(path)
  }
  for (const path of sources) visit(path, [])
})

test('the environment is read in one file', () => {
  for (const path of sources) {
    if (path !== 'src/config/environment.ts') assert.doesNotMatch(read(path), /process\.env|import\.meta\.env/, path)
  }
})

test('nothing silences the compiler or the linter', () => {
  const own = [...sources, ...globSync('{web/src,test}/**/*.{ts,tsx}', { cwd: project })]
  const silencers = [/\bas unknown as\b/, /@ts-(ignore|expect-error|nocheck)/, /biome-ignore (?!format)/]
  for (const path of own) {
    if (path === 'test/architecture.test.ts') continue
    for (const silencer of silencers) assert.doesNotMatch(read(path), silencer, path)
  }
})

test('the page imports only types, and only those of the wire', () => {
  for (const path of globSync('web/src/**/*.{ts,tsx}', { cwd: project })) {
    for (const [line, named] of read(path).matchAll(/import[^'";]*from '([^']*src\/[^']*)'/g)) {
      // The one module that both share, so that page, command line and assistants derive one condition.
      if (/src\/wire\/condition\.ts$/.test(named ?? '')) continue
      assert.match(line, /^import type/, path)
      assert.match(named ?? '', /src\/wire\/types\.ts$/, path)
    }
  }
})

test('nothing of the demonstration is loaded where both URLs are set', () => {
  assert.match(read('src/main.ts'), /await import\('\.\/demo\/demonstration\.ts'\)/)
  assert.doesNotMatch(read('src/main.ts'), /^import .*demo/m)
})

test('what few need is loaded when they do: the description of the API, the MCP library', () => {
  const loaded = new Set(['src/main.ts'])
  for (const path of loaded) {
    for (const { from, to, typeOnly, whenNeeded } of imports) {
      if (from === path && !typeOnly && !whenNeeded) loaded.add(to)
    }
  }
  assert.ok(loaded.has('src/http/server.ts') && loaded.has('src/http/description.ts'))
  for (const later of ['src/http/openapi.ts', 'src/http/docs.ts', 'src/mcp/server.ts']) {
    assert.ok(sources.includes(later))
    assert.ok(!loaded.has(later), later)
  }
})
