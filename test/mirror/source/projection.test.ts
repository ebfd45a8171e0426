import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Projection } from '../../../src/mirror/source/projection.ts'

/** The columns of a typical query, with the type oids of PostgreSQL. */
const columns = [
  { name: 'external_id', oid: 23 },
  { name: 'name', oid: 25 },
  { name: 'location', oid: 1043 },
  { name: 'port', oid: 23 },
  { name: 'active', oid: 16 },
  { name: 'installed_on', oid: 1082 },
]
const runId = '0197f0a0-0000-7000-8000-000000000001'
const inner = 'select id, name, location, port, active, installed_on from meter'

test('the SQL of a typical query equals typical-query.sql', () => {
  const projection = new Projection(columns, inner, { version: 180_000, encoding: 'UTF8' }, 42n)
  const statements = {
    'The meters, for staging': projection.select(),
    'The valid meters of a first load': projection.selectValid({ clientSystemId: 'main', runId }),
    'The hash of each id and row, for an incremental read': projection.hashes,
    'The same of some buckets': projection.hashesWithin(1_023, '{7,12}'),
    'Some meters by the hashes of their ids': projection.select({ idHashes: '{17,-5}' }),
    'Some meters by their external ids': projection.select({ externalIds: '{17,4711}' }),
  }
  const text = Object.entries(statements)
    .map(([title, statement]) => `-- ${title}\n${statement};\n`)
    .join('\n')
  assert.equal(text, readFileSync(new URL('./typical-query.sql', import.meta.url), 'utf8'))

  const [, isValid] = projection.selectValid({ clientSystemId: 'main', runId }).split('\nwhere ')
  assert.equal(projection.selectOthers(), `${projection.select()}\nwhere not (${isValid})`)
})
