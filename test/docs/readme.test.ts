import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { usage } from '../../src/cli/usage.ts'
import { routes } from '../../src/http/routes/routes.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const readme = read('README.md')

/** The style of /docs belongs to its page; a row names the other methods of /mcp. */
const unlisted = ['GET /docs.css', 'GET /mcp', 'DELETE /mcp']

test('README: every route has a row with its scope, and no other route has', () => {
  const rows = [...readme.matchAll(/^\| `([A-Z]+ \/\S*)` \| (\w+) \|/gm)].map(([, route, scope]) => [route, scope])
  const served = routes
    .map(({ operation: { method, path, scope } }) => [
      `${method.toUpperCase()} ${path.replace('{id}', ':id')}`,
      scope ?? 'none',
    ])
    .filter(([route = '']) => !unlisted.includes(route))
  assert.deepEqual(rows.toSorted(), served.toSorted())
})

test('README: every variable has a row, and no other has', () => {
  const known = [...read('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name)
  const [, table = ''] = /\n## Settings\n([\s\S]*?)\n## /.exec(readme) ?? []
  const rows = [...table.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w*…?)(_?\w+)`/g)].map(([, start, end]) =>
      start === '…' ? `DELETE_GUARD${end}` : `${start}${end}`,
    ),
  )
  assert.deepEqual(rows.toSorted(), known.toSorted())
})

test('README: every command has a line, and no other has', () => {
  const [, block = ''] = /\n## Command line\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? []
  const shown = [...block.matchAll(/^meter-sync-agent ?(\w*)/gm)].map(([, name]) => name || 'serve')
  const commands = [...usage.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name = '']) => name)
  assert.deepEqual([...new Set(shown)].toSorted(), commands.toSorted())
})
