import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(project, path), 'utf8')
const sources = globSync('src/**/*.ts', { cwd: project }).sort()

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

test('the environment is read in one file', () => {
  for (const path of sources) {
    if (path !== 'src/config/environment.ts') assert.doesNotMatch(read(path), /process\.env|import\.meta\.env/, path)
  }
})

test('each table is written by one folder', () => {
  // The demonstration stores readings like any collector.
  const written = globSync('src/**/*.{ts,sql}', { cwd: project })
    .filter((path) => !path.startsWith('src/demo/'))
    .flatMap((path) =>
      [...read(path).matchAll(/\b(?:insert into|update|delete from) sync\.(\w+)/g)].map(([, table]) => ({
        table,
        folder: path.split('/')[1],
      })),
    )
  const owners = Object.groupBy(written, ({ table }) => table ?? '')
  const folders = Object.entries(owners).map(([table, by]) => [table, ...new Set(by?.map(({ folder }) => folder))])
  assert.deepEqual(folders.sort(), [
    ['access_token', 'access'],
    ['alert', 'alerts'],
    ['client_system', 'runs'],
    ['kept_deletions', 'runs'],
    ['login_session', 'access'],
    ['meter', 'mirror'],
    ['meter_change', 'mirror'],
    ['meter_collection', 'collection'],
    ['meter_listing', 'meters'],
    ['meter_reading', 'readings'],
    ['migration', 'db'],
    ['rejected_row', 'mirror'],
    ['revision_counter', 'db'],
    ['run', 'runs'],
    ['waiting_reading', 'readings'],
  ])
})

test('the constant of an SQL file carries its name', () => {
  const toConstant = (file: string) => file.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  for (const path of sources) {
    for (const [, constant, file = ''] of read(path).matchAll(
      /(?:const (\w+) = )?sqlBeside\(import\.meta\.url, '(?:.*\/)?(.+)\.sql'\)/g,
    )) {
      assert.equal(constant, toConstant(file), `${path} reads ${file}.sql`)
    }
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

test('the demonstration, the description of the API and the MCP library are loaded at first use', () => {
  const loaded = new Set(['src/main.ts'])
  for (const path of loaded) {
    for (const { from, to, typeOnly, whenNeeded } of imports) {
      if (from === path && !typeOnly && !whenNeeded) loaded.add(to)
    }
  }
  assert.ok(loaded.has('src/http/server.ts') && loaded.has('src/http/api-docs.ts'))
  for (const later of ['src/demo/demonstration.ts', 'src/http/openapi.ts', 'src/http/docs.ts', 'src/mcp/endpoint.ts']) {
    assert.ok(sources.includes(later))
    assert.ok(!loaded.has(later), later)
  }
})
