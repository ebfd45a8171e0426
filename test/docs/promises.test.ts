import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const cwd = new URL('../..', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, cwd), 'utf8')
const id = /\b(?:R\d+\.\d+|[FI]\d+)\b/g

/** Each promise of docs/promises.md: its id, and the file and name of its tests. */
const promises = read('docs/promises.md')
  .split(/^- \*\*/m)
  .slice(1)
  .map((text) => ({
    id: text.slice(0, text.indexOf('**')),
    tests: [...text.matchAll(/^ {2}- `(.+?)`: (.+)$/gm)].map(([, file = '', name = '']) => ({ file, name })),
  }))

/** The names of the tests of a file, with `…` for a value that is filled in, and without the ids in front. */
function namesOf(file: string): string[] {
  return [...read(file).matchAll(/\btest\(\s*(['"`])((?:\\.|(?!\1)[^\\])+)\1/g)].map(([, , name = '']) =>
    name.replace(/\$\{[^}]*\}/g, '…').replace(/^(?:(?:R\d+\.\d+|[FI]\d+)(?:, |: ))+/, ''),
  )
}

test('promises.md: every promise has an id of its own and a test, and every test that it names exists', () => {
  assert.ok(promises.length > 60)
  assert.equal(new Set(promises.map((promise) => promise.id)).size, promises.length)
  for (const { id, tests } of promises) {
    assert.ok(tests.length > 0, `${id} has no test`)
    for (const { file, name } of tests)
      assert.ok(namesOf(file).includes(name), `docs/promises.md, ${id}: ${file} has no test named: ${name}`)
  }
})

test('promises.md: every id that the program, the page or a test cites is there', () => {
  const known = new Set(promises.map((promise) => promise.id))
  let cited = 0
  for (const path of globSync('{src,test,web/src}/**/*.{ts,tsx,sql,css}', { cwd })) {
    const text = read(path)
    assert.doesNotMatch(text, /\b(?:Fault|Requirement|Invariant)s? \d/, `${path} cites without an id`)
    for (const [one] of text.matchAll(id)) {
      assert.ok(known.has(one), `${path} cites ${one}, which is not in docs/promises.md`)
      cited++
    }
  }
  assert.ok(cited > 100)
})
