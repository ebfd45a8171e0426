import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { getTableName, is, Table } from 'drizzle-orm'
import * as schema from '../../src/db/schema.ts'

const guide = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8')

test('architecture.md: every table of the schema sync has a row, and no other has', () => {
  const section = /^## Tables\n(.*?)^## /ms.exec(guide)?.[1] ?? ''
  const rows = [...section.matchAll(/^\| (?:`sync`)? ?\| (`.+?`) \|/gm)]
  const named = rows.flatMap(([, tables = '']) => [...tables.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
  const tables = Object.values(schema).flatMap((one) => (is(one, Table) ? [getTableName(one)] : []))
  // The journal of migrations is not a table of the schema file.
  assert.deepEqual(named.toSorted(), [...tables, 'migration'].sort())
})
