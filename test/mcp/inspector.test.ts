import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Environment } from '../../src/config/environment.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const inspector = join(project, 'node_modules', '.bin', 'mcp-inspector')
const token = 'a-token-of-sixteen-or-more'

const tools = z.object({ tools: z.array(z.object({ name: z.string() })) })
const answer = z.object({ isError: z.boolean().optional(), structuredContent: z.record(z.string(), z.unknown()) })
const document = z.object({ contents: z.array(z.object({ text: z.string() })) })

/** The official inspector's command line, with a home of its own; it takes no terminal and keeps nothing. */
function inspectorOf(t: TestContext, server: string[]) {
  const home = mkdtempSync(join(tmpdir(), 'meter-sync-inspector-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH, HOME: home }
  return (method: string, ...options: string[]) =>
    new Promise<{ status: unknown; stdout: string; stderr: string }>((done) => {
      const args = [inspector, '--cli', ...server, '--method', method, ...options]
      execFile(process.execPath, args, { cwd: project, env }, (error, stdout, stderr) =>
        done({ status: error?.code ?? 0, stdout, stderr }),
      )
    })
}

/** What the inspector is to give the server that it starts. */
function setVariables(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : ['-e', `${name}=${value}`]))
}

for (const transport of ['http', 'stdio'] as const) {
  test(`the official inspector accepts the tools and uses them: ${transport}`, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 20)
    await (await world.agent()).settled()
    const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
    const inspect =
      transport === 'http'
        ? inspectorOf(t, [`${agent.url}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${token}`])
        : inspectorOf(t, [...setVariables(world.environment()), process.execPath, 'src/main.ts', 'mcp'])

    const listed = await inspect('tools/list', '--strict')
    assert.equal(listed.status, 0, listed.stderr)
    assert.equal(tools.parse(JSON.parse(listed.stdout)).tools.length, 14)
    // It warns of `null` among the types of an answer, which is legal; of what assistants have to fill in it must not.
    assert.doesNotMatch(listed.stderr, /Path: inputSchema/)

    const found = await inspect('tools/call', '--tool-name', 'find_meters', '--tool-arg', 'q=Meter 12')
    assert.equal(found.status, 0, found.stderr)
    const { meters } = z
      .object({ meters: z.array(z.object({ name: z.string() })) })
      .parse(answer.parse(JSON.parse(found.stdout)).structuredContent)
    assert.deepEqual(meters, [{ name: 'Meter 12' }])

    const read = await inspect('resources/read', '--uri', 'meter-sync://status')
    const [status] = document.parse(JSON.parse(read.stdout)).contents
    assert.match(status?.text ?? '', /"total":20/)
  })
}
