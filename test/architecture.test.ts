import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(project, path), 'utf8')
const sources = globSync('src/**/*.ts', { cwd: project }).sort()

/** The layers of the design: an import points to a lower level, or stays within its own folder. */
const levels: [pattern: RegExp, level: number][] = [
  [/^src\/main\.ts$/, 8],
  [/^src\/cli(\/.*)?\.ts$/, 7],
  [/^src\/service\.ts$/, 6],
  [/^src\/(http|mcp)\//, 5],
  [/^src\/agent\.ts$/, 4],
  [/^src\/(jobs|worker|feed|watch|reaper|webhooks|trigger|status|previews)\.ts$/, 3],
  [/^src\/workers\/startup\.ts$/, 3],
  [/^src\/sync\//, 2],
  [/^src\/db\//, 1],
  [/^src\/(events|errors|config|log|memory|paging|shapes|alerts|freshness|targets|terminal|explain)\.ts$/, 0],
  [/^src\/(config|wire|lib)\//, 0],
  [/^src\/workers\/schedule\.ts$/, 0],
]

function levelOf(path: string): number | null {
  return levels.find(([pattern]) => pattern.test(path))?.[1] ?? null
}

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

test('every import points down, or stays within its folder', () => {
  assert.ok(imports.length > 50)
  for (const { from, to } of imports) {
    if (from.startsWith('src/demo/')) continue
    if (to.startsWith('src/demo/')) {
      assert.equal(from, 'src/main.ts', `only main.ts may load the demonstration, not ${from}`)
      continue
    }
    const [upper, lower] = [levelOf(from), levelOf(to)]
    assert.notEqual(upper, null, `${from} stands in no layer`)
    assert.notEqual(lower, null, `${to} stands in no layer`)
    const below = (lower ?? 9) < (upper ?? 0)
    const beside = lower === upper && dirname(from) === dirname(to) && dirname(from) !== 'src'
    const grounds = upper === 0 && lower === 0
    const parts =
      (from === 'src/cli.ts' && to.startsWith('src/cli/')) ||
      (from === 'src/jobs.ts' &&
        ['reaper', 'trigger', 'webhooks', 'worker', 'workers/startup'].some((part) => to === `src/${part}.ts`))
    assert.ok(below || beside || grounds || parts, `${from} imports ${to}`)
  }
})

test('http and the assistant see only the agent and the ground level', () => {
  for (const { from, to } of imports.filter((one) => /^src\/(http|mcp)\//.test(one.from))) {
    const own = dirname(from) === dirname(to)
    assert.ok(to === 'src/agent.ts' || levelOf(to) === 0 || own, `${from} imports ${to}`)
  }
})

/** What tells a story of its own from the steps beside it. */
const composers = ['src/sync/run.ts', 'src/sync/preview.ts', 'src/sync/read.ts', 'src/sync/check.ts']

test('within sync only run.ts, preview.ts, check.ts and read.ts bring their siblings together; the others share types, the record, the projection and the query', () => {
  for (const { from, to, typeOnly } of imports) {
    if (!from.startsWith('src/sync/') || !to.startsWith('src/sync/') || composers.includes(from)) continue
    const known = ['src/sync/record.ts', 'src/sync/projection.ts', 'src/sync/query.ts'].includes(to)
    assert.ok(typeOnly || known, `${from} imports ${to}`)
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

test('the environment is read in config.ts alone', () => {
  for (const path of sources) {
    if (path !== 'src/config.ts') assert.doesNotMatch(read(path), /process\.env|import\.meta\.env/, path)
  }
})

test('no any, nothing that silences the compiler or the linter', () => {
  const own = [...sources, ...globSync('{web/src,test}/**/*.{ts,tsx}', { cwd: project })]
  const silencers = [
    /:\s*any\b/,
    /<any\b/,
    /\bas any\b/,
    /\bas unknown as\b/,
    /@ts-(ignore|expect-error|nocheck)/,
    /biome-ignore (?!format)/,
  ]
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
      assert.match(named ?? '', /src\/events\.ts$/, path)
    }
  }
})

test('nothing of the demonstration is loaded where both URLs are set', () => {
  assert.match(read('src/main.ts'), /await import\('\.\/demo\/demonstration\.ts'\)/)
  assert.doesNotMatch(read('src/main.ts'), /^import .*demo/m)
})

test('what few need is loaded when they do: the description of the API, the shapes, the MCP library', () => {
  const loaded = new Set(['src/main.ts'])
  for (const path of loaded) {
    for (const { from, to, typeOnly, whenNeeded } of imports) {
      if (from === path && !typeOnly && !whenNeeded) loaded.add(to)
    }
  }
  assert.ok(loaded.has('src/http/server.ts') && loaded.has('src/http/described.ts'))
  for (const later of ['src/http/openapi.ts', 'src/http/docs.ts', 'src/shapes.ts', 'src/mcp/server.ts']) {
    assert.ok(sources.includes(later))
    assert.ok(!loaded.has(later), later)
  }
})
