import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { usage } from '../../src/cli/usage.ts'
import { connectHints } from '../../src/db/connect-hints.ts'
import { statuses } from '../../src/http/problems.ts'
import { runErrorCodes } from '../../src/lib/errors.ts'
import { logMessages } from '../../src/lib/log-messages.ts'
import { guard } from '../../src/mirror/guard.ts'
import { readReasonCodes, rejectionCodes, withheldCodes } from '../../src/wire/lists.ts'
import type { Meter } from '../../src/wire/types.ts'
import { workerLost } from '../../src/workers/reaper.ts'
import { createDeployment, runScript } from '../support/deployment.ts'
import { createWorld, type World } from '../support/world.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const connect = read('docs/connect.md')

/** The SQL of the section of this title: what makes the tables, and the query that reads them. */
function example(title: string): { tables: string; query: string } {
  const start = connect.indexOf(`### ${title}\n`)
  assert.notEqual(start, -1, title)
  const section = connect.slice(start).split(/\n##+ /)[0] ?? ''
  const [tables, query, ...others] = [...section.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block]) => block)
  assert.ok(tables && query && others.length === 0, `${title}: two blocks of SQL`)
  return { tables, query }
}

/** The commands of --help. */
const commands = [...usage.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name = '']) => name)

const titles = [...connect.matchAll(/^### (.+)$/gm)].map(([, title = '']) => title)

/** Rows for the tables of each section, and the meters that its query makes of them. */
const examples: Record<string, { rows: string; meters: Partial<Meter>[] }> = {
  'Other names': {
    rows: `insert into device values (1, 'Main', 'S1', 'electricity', true), (2, 'Spare', null, null, false)`,
    meters: [
      { externalId: '1', name: 'Main', serialNumber: 'S1', kind: 'electricity', active: true, attributes: {} },
      { externalId: '2', name: 'Spare', serialNumber: null, kind: null, active: false, attributes: {} },
    ],
  },
  'Several tables': {
    rows: `
      insert into site values (1, 'Hall 1', 'Zug');
      insert into device values (1, 'Main', 1, 'kWh'), (2, 'Alone', null, null);
      insert into endpoint values (1, '10.0.0.1', 502, '2020-01-01'), (1, '10.0.0.2', 503, '2025-01-01')`,
    meters: [
      { externalId: '1', location: 'Hall 1', ipAddress: '10.0.0.2', port: 503, attributes: { city: 'Zug' } },
      { externalId: '2', location: null, ipAddress: null, port: null, attributes: { city: null } },
    ],
  },
  'Only some of them': {
    rows: `insert into device values (1, 'Main', 'north', null), (2, 'Gone', 'north', '2025-01-01'), (3, 'Other', 'south', null)`,
    meters: [{ externalId: '1', name: 'Main' }],
  },
  'Values that are coded': {
    rows: `insert into device values (1, 'Main', 'running', 'E', '10.0.0.1:502'), (2, 'Old', 'retired', 'X', 'meter.example')`,
    meters: [
      { externalId: '1', active: true, kind: 'electricity', ipAddress: '10.0.0.1', port: 502 },
      { externalId: '2', active: false, kind: null, ipAddress: 'meter.example', port: null },
    ],
  },
  'An id of two parts': {
    rows: `insert into counter values ('N', 1, 'Main'), ('S', 1, '')`,
    meters: [
      { externalId: 'N-1', name: 'Main' },
      { externalId: 'S-1', name: 'Meter 1' },
    ],
  },
  'More than one table of meters': {
    rows: `insert into electricity_meter values (1, 'Main'); insert into water_meter values (1, 'Tap', 'm³')`,
    meters: [
      { externalId: 'E1', kind: 'electricity', unit: 'kWh' },
      { externalId: 'W1', kind: 'water', unit: 'm³' },
    ],
  },
}

async function assertMeters(world: World, environment: Record<string, string>, expected: Partial<Meter>[]) {
  const agent = await world.agent(environment)
  const run = await agent.settled()
  assert.equal(run.status, 'succeeded', JSON.stringify(run.error))
  assert.equal(run.counts?.rejected, 0)
  const { body } = await agent.api<{ meters: Meter[] }>('/api/meters?state=all')
  assert.equal(body.meters.length, expected.length)
  for (const [at, meter] of expected.entries()) assert.partialDeepStrictEqual(body.meters[at], meter)
}

test('connect.md: every query gives the meters that it promises, from tables of that shape', async (t) => {
  const view = 'A view as a stable interface'
  assert.deepEqual(titles, [...Object.keys(examples), view])
  for (const [title, { rows, meters }] of Object.entries(examples)) {
    await t.test(title, async (t) => {
      const world = await createWorld(t)
      const { tables, query } = example(title)
      await runScript(world.source.url, `${tables}\n${rows}`)
      await assertMeters(world, { CLIENT_SYSTEM_QUERY: query }, meters)
    })
  }
})

test('README: its example of a query gives meters with every column', async (t) => {
  const world = await createWorld(t)
  const [, query = ''] = /```sql\n\s+(select d\.id as external_id[\s\S]*?)```/.exec(read('README.md')) ?? []
  await runScript(
    world.source.url,
    `create table site (id int, name text);
     create table device (id int, label text, serial_no text, medium text, unit text, site_id int, ip inet, port int,
       in_service boolean, manufacturer text, firmware text, decommissioned_at date);
     insert into site values (1, 'Hall');
     insert into device values (1, 'Main', 'S1', 'gas', 'm³', 1, '10.0.0.1', 502, true, 'Maker', '1.0', null),
       (2, 'Gone', 'S2', 'gas', 'm³', 1, '10.0.0.2', 502, true, 'Maker', '1.0', '2025-01-01')`,
  )
  const meter = { externalId: '1', name: 'Main', kind: 'gas', location: 'Hall', ipAddress: '10.0.0.1', active: true }
  const attributes = { firmware: '1.0', manufacturer: 'Maker' }
  await assertMeters(world, { CLIENT_SYSTEM_QUERY: query }, [{ ...meter, attributes }])
})

test('connect.md: the role is that of docs/deploy', () => {
  const [, statements = ''] = /```sql\n(create role [\s\S]*?)```/.exec(connect) ?? []
  const script = read('docs/deploy/client-system.sql').split('\n')
  assert.deepEqual(
    script.filter((line) => line !== '' && !line.startsWith('--')),
    statements.trim().split('\n'),
  )
})

test('connect.md: a role that may read the view alone is enough, and it is closed to the table behind it', async (t) => {
  const { world, readerUrl, named } = await createDeployment(t, 15)
  const { tables, query } = example('A view as a stable interface')
  await runScript(world.source.url, named(tables))
  await world.source.query(`insert into device values (7, 'Main', 'gas', 'hidden')`)
  const expected = [{ externalId: '7', name: 'Main', kind: 'gas', attributes: {} }]
  await assertMeters(world, { CLIENT_SYSTEM_URL: readerUrl, CLIENT_SYSTEM_QUERY: query }, expected)
  await assert.rejects(runScript(readerUrl, 'select secret_key from device'), { code: '42501' })
})

/** The anchors of a document: those that its host makes of headings, and those that it sets itself. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)])
}

test('every link of a guide leads somewhere, and every command of one is a command', () => {
  for (const path of globSync(['*.md', 'docs/**/*.md'], { cwd: new URL('../..', import.meta.url) })) {
    const text = read(path)
    for (const [, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)/g)) {
      const url = target === '' ? path : new URL(target, `file:///${path}`).pathname.slice(1)
      assert.ok(existsSync(new URL(`../../${url}`, import.meta.url)), `${path}: ${target}`)
      if (anchor) assert.ok(anchorsOf(read(url)).has(anchor), `${path}: ${target}#${anchor}`)
    }
    // In a block of commands, or quoted within a sentence.
    for (const [, name = ''] of text.matchAll(/(?:^ *(?:\S*\/|npx )?|`)meter-sync-agent ([a-z]+)/gm))
      assert.ok(commands.includes(name), `${path}: ${name}`)
    for (const [, name = ''] of text.matchAll(/node src\/main\.ts ([a-z]+)/g))
      assert.match(name, /^(serve|migrate|sync|cancel|status|check|token|alerts|mcp)$/, path)
  }
})

const operate = read('docs/operate.md')

test('operate.md: every code that a run ends with has a section, and no other has', () => {
  const sections = [...operate.matchAll(/^### `(\w+)`\n\n(?=\S)/gm)].map(([, code]) => code)
  assert.deepEqual(sections.toSorted(), [...runErrorCodes].sort())
})

test('operate.md: every code that a request is answered with has a row, with its status', () => {
  const answered = Object.entries(statuses).map(([code, { status }]) => [code, String(status)])
  const rows = [...operate.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, status])
  assert.ok(rows.length > 10)
  assert.deepEqual(rows.toSorted(), answered.sort())
})

test('operate.md: the lines of the log are those of the closed list', () => {
  const examples = [...operate.matchAll(/```json\n(.+)\n```/g)].map(([, line = '']) => JSON.parse(line))
  const rows = [...operate.matchAll(/^\| `([^`]+)` \| (info|warn|error|fatal) \|/gm)].map(([, msg, level]) => ({
    msg,
    level,
  }))
  const documented = new Set([...examples, ...rows].map(({ level, msg }) => `${level}: ${msg}`))
  const logged = Object.entries(logMessages).flatMap(([level, messages]) => messages.map((msg) => `${level}: ${msg}`))
  assert.deepEqual([...documented].sort(), logged.sort())

  const withheld = guard(
    { read: 85, rejected: 0, missing: 15, missingId: 0, activeBefore: 100, deletedLately: 0 },
    { minimum: 10, percent: 5, maximum: 500 },
  )
  const errors = [
    { code: 'source_auth', hint: connectHints('CLIENT_SYSTEM_URL', 'postgres://db').bySqlState('28P01') },
    { code: undefined, hint: 'hint' in withheld ? withheld.hint : null },
    { code: 'worker_lost', hint: workerLost().hint },
  ]
  const shown = examples.filter(({ hint }) => hint).map(({ code, hint }) => ({ code, hint }))
  assert.deepEqual(shown, errors)
})

for (const [section, codes] of [
  ['Deletions that were held back', withheldCodes],
  ['Rows that were rejected', rejectionCodes],
  ['Why a run read everything', readReasonCodes],
] as const) {
  test(`operate.md: every code of "${section}" has a row, and no other has`, () => {
    const [, table = ''] = new RegExp(`## ${section}\n([\\s\\S]*?)\n## `).exec(operate) ?? []
    const rows = [...table.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| /gm)].flatMap(([, cell = '']) => cell.split(', '))
    assert.deepEqual(rows.map((code) => code.replaceAll('`', '')).toSorted(), [...codes].sort())
  })
}

test('operate.md: the query for who holds a lock runs', async (t) => {
  const world = await createWorld(t)
  const [, query = ''] = /### `database_busy`[\s\S]*?```sql\n([\s\S]*?)```/.exec(operate) ?? []
  await world.sync.hold('begin; lock table sync.meter')
  const holders = await world.sync.query(query)
  const holder = holders.find(({ mode }) => mode === 'AccessExclusiveLock')
  assert.equal(holder?.relation, 'sync.meter')
})
