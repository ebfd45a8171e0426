import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const cwd = new URL('../..', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, cwd), 'utf8')
const id = /\b(?:R\d+\.\d+|[FI]\d+)\b/g

const document = read('docs/promises.md')

/** Each promise of docs/promises.md: its id, and the file and name of its tests. */
const promises = document
  .split(/^- \*\*/m)
  .slice(1)
  .map((text) => ({
    id: text.slice(0, text.indexOf('**')),
    tests: [...text.matchAll(/^ {2}- `(.+?)`: (.+)$/gm)].map(([, file = '', name = '']) => ({ file, name })),
  }))

/** The tests of a file: the ids that each begins with, and the rest of its name with `…` for a value that is filled in. */
function testsOf(file: string): { ids: string[]; name: string }[] {
  return [...read(file).matchAll(/\btest\(\s*(['"`])((?:\\.|(?!\1)[^\\])+)\1/g)].map(([, , text = '']) => {
    const [ids = ''] = /^(?:(?:R\d+\.\d+|[FI]\d+)(?:, |: ))*/.exec(text) ?? []
    return { ids: ids.match(id) ?? [], name: text.slice(ids.length).replace(/\$\{[^}]*\}/g, '…') }
  })
}

test('promises.md: every promise has an id of its own and a test, and every test that it names exists and begins with its id', () => {
  assert.ok(promises.length > 60)
  assert.equal(new Set(promises.map((promise) => promise.id)).size, promises.length)
  for (const { id, tests } of promises) {
    assert.ok(tests.length > 0, `${id} has no test`)
    for (const { file, name } of tests) {
      const found = testsOf(file).find((one) => one.name === name)
      assert.ok(found, `docs/promises.md, ${id}: ${file} has no test named: ${name}`)
      assert.ok(found.ids.includes(id), `${file}: the test does not begin with ${id}: ${name}`)
    }
  }
})

test('promises.md: every id that the program, the page, a test or a guide cites is there', () => {
  const known = new Set(promises.map((promise) => promise.id))
  let cited = 0
  const sources = globSync(['{src,test,web,drizzle}/**/*.{ts,tsx,sql,css}', '*.md', 'docs/**/*.md'], { cwd })
  for (const path of sources) {
    const text = read(path)
    assert.doesNotMatch(text, /\b(?:Fault|Requirement|Invariant)s? \d/, `${path} cites without an id`)
    for (const [one] of text.matchAll(id)) {
      assert.ok(known.has(one), `${path} cites ${one}, which is not in docs/promises.md`)
      cited++
    }
  }
  assert.ok(cited > 100)
})

test('promises.md: each row of the table of contents has the ids of its sections', () => {
  const sections = document.split(/^#{2,3} /m).slice(1)
  const listed = [...document.matchAll(/^\| (.*\]\(#.*) \| (.+) \|$/gm)]
  assert.ok(listed.length > 8)
  const idsIn = (text: string) => [...text.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, one = '']) => one)
  for (const [, links = '', ids = ''] of listed) {
    const anchors = [...links.matchAll(/\(#([^)]+)\)/g)].map(([, anchor]) => anchor)
    const expected = sections
      .filter((text) => anchors.includes(text.slice(0, text.indexOf('\n')).toLowerCase().replaceAll(' ', '-')))
      .flatMap(idsIn)
      // A range of requirements names their sections.
      .map((one) => one.replace(/\..*/, ''))
    const named = ids.split(/, | and /).flatMap((range) => {
      const [first = '', last = first] = range.split(' to ')
      const numbers = [first, last].map((one) => Number(one.slice(1)))
      const length = (numbers[1] ?? 0) - (numbers[0] ?? 0) + 1
      return Array.from({ length }, (_, at) => `${first[0]}${(numbers[0] ?? 0) + at}`)
    })
    assert.deepEqual(new Set(named), new Set(expected), `docs/promises.md: ${ids}`)
  }
})
