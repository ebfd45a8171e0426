import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { runErrorCodes } from '../../../src/lib/errors.ts'
import { renderGuide } from '../../../web/guides.ts'
import { explainedCodes, failureWords, guideAddress } from '../../../web/src/ui/failure-words.ts'

const file = 'operate.md'
const guide = renderGuide(readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8'), file)

test('every code of a failed run has plain words, and a section of the guide that the agent serves', () => {
  assert.deepEqual(explainedCodes.toSorted(), [...runErrorCodes].toSorted())
  for (const code of runErrorCodes) {
    const [page, id] = guideAddress(code)?.split('#') ?? []
    assert.equal(page, '/guides/operate.html')
    assert.ok(guide.includes(`<h3 id="${id}">`), code)
  }
  assert.equal(failureWords('of a later version'), 'The sync failed')
  assert.equal(guideAddress('of a later version'), null)
})

test('the links of a guide lead to guides and sections that are there, and to no file that is not served', () => {
  const within = [...guide.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  assert.ok(within.length > 2)
  for (const id of within) assert.ok(guide.includes(` id="${id}"`), id)
  const outside = [...guide.matchAll(/href="([^#"][^"]*)"/g)].map(([, href = '']) => href)
  assert.deepEqual(
    outside.filter(
      (href) =>
        !/^(https:|\/$|\/docs$|\/theme.js|\/guides\/(operate|connect|deploy)\.html|\/guides\/guide\.css|\/icons)/.test(
          href,
        ),
    ),
    [],
  )
})
