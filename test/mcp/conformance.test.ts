import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const suite = join(project, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')

for (const specification of ['2025-11-25', '2026-07-28']) {
  test(`the official conformance suite passes, except for the checks that are listed with a reason: ${specification}`, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    const results = mkdtempSync(join(tmpdir(), 'meter-sync-conformance-'))
    t.after(() => rmSync(results, { recursive: true, force: true }))
    const baseline = fileURLToPath(new URL(`conformance-${specification}.yml`, import.meta.url))
    const options = ['--requirements', specification, '--expected-failures', baseline, '--output-dir', results]
    const { code, out } = await new Promise<{ code: unknown; out: string }>((done) => {
      execFile(process.execPath, [suite, 'server', '--url', `${agent.url}/mcp`, ...options], (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, out: stdout + stderr }),
      )
    })
    assert.equal(code, 0, out.slice(out.indexOf('=== SUMMARY')))
    assert.match(out, /✓ tools-list/)
  })
}
