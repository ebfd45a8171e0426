import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../src/config/environment.ts'
import type { Run, Status } from '../../src/wire/types.ts'
import { inherited } from '../support/command.ts'
import { eventually } from '../support/world.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Starts the agent with nothing configured, in a directory of its own, as `npm start` does. */
async function startDemonstration(t: TestContext, directory: string, environment: Environment = {}) {
  const child = spawn(process.execPath, [main], {
    cwd: directory,
    env: { ...inherited, PORT: '0', ...environment },
  })
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  const url = await new Promise<string>((up, failed) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
      const found = /"url":"([^"]+)"/.exec(out)
      if (found?.[1]) up(found[1])
    })
    exited.then((code) => failed(new Error(`exit ${code}: ${out}`)))
  })
  return { url, exited, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}

function emptyDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'meter-sync-start-'))
  chmodSync(directory, 0o755)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function firstSuccess(url: string): Promise<Run> {
  return eventually(async () => {
    const status: Status = JSON.parse(await (await fetch(`${url}/api/status`)).text())
    assert.equal(status.demonstration, true)
    return status.clientSystems[0]?.lastSuccess
  }, 30_000)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`with nothing configured it syncs 500 meters within 30 s; ${signal} leaves no process; a second start keeps its data`, {
    timeout: 90_000,
  }, async (t) => {
    const directory = emptyDirectory(t)
    const began = performance.now()
    const first = await startDemonstration(t, directory)
    const run = await firstSuccess(first.url)
    assert.ok(performance.now() - began < 30_000)
    assert.equal(run.counts?.inserted, 500)
    const [server] = readFileSync(join(directory, 'data/postgresql/postmaster.pid'), 'utf8').split('\n')
    const asked = performance.now()
    first.kill(signal)
    const code = await first.exited
    if (signal === 'SIGINT') assert.equal(code, 0)
    await eventually(async () => !isRunning(Number(server)))
    assert.ok(performance.now() - asked < 10_000)

    const second = await startDemonstration(t, directory)
    const { runs }: { runs: Run[] } = JSON.parse(await (await fetch(`${second.url}/api/runs`)).text())
    assert.ok(runs.some(({ id }) => id === run.id))
    second.kill('SIGTERM')
    assert.equal(await second.exited, 0)
  })
}

test('an unwritable data directory is reported in one line', async (t) => {
  const directory = emptyDirectory(t)
  const blocked = join(directory, 'data')
  writeFileSync(blocked, 'a file where a directory should be')
  const child = spawn(process.execPath, [main], { cwd: directory, env: { ...inherited, PORT: '0' } })
  t.after(() => child.kill('SIGKILL'))
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const code = await new Promise<number | null>((done) => child.once('exit', done))
  assert.notEqual(code, 0)
  assert.match(err, /^meter-sync-agent cannot start: .*data.*\n$/)
})

test('with both URLs set, the demonstration is neither loaded nor written to disk', async (t) => {
  const directory = emptyDirectory(t)
  const child = spawn(process.execPath, [main], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE_URL: 'postgres://127.0.0.1:9/a',
      CLIENT_SYSTEM_URL: 'postgres://127.0.0.1:9/b',
    },
  })
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
    if (out.includes('waiting for')) child.kill('SIGTERM')
  })
  await new Promise((done) => child.once('exit', done))
  assert.doesNotMatch(out, /demonstration/)
  assert.equal(existsSync(join(directory, 'data')), false)
})
