import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { globalSetup, globalTeardown } from './global.ts'

/**
 * Runs every test, then those that failed once more by themselves. Tests here wait for real servers, processes and
 * browsers on machines that others load as well. A failure that does not repeat does not fail the run; the output shows
 * it, and its test needs a fix. All processes share a compile cache: stripping the types of the agent's modules anew
 * in each of more than a hundred processes costs a third of a second each.
 */
const folder = mkdtempSync(join(tmpdir(), 'meter-sync-tests-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.env.NODE_COMPILE_CACHE = join(folder, 'compiled')

/**
 * The files that take longest. They begin first, because one that begins last runs alone at the end. Files that mostly
 * compute alternate with those that mostly wait for timeouts.
 */
const longest = [
  'test/faults/requests.test.ts',
  'test/acceptance/5-other-states.test.ts',
  'test/cli/commands.test.ts',
  'test/acceptance/5-page.test.ts',
  'test/acceptance/5-service.test.ts',
  'test/mcp/tools.test.ts',
  'test/workers/reaper.test.ts',
  'test/acceptance/5-states.test.ts',
  'test/docs/mistakes.test.ts',
  'test/acceptance/5-meters.test.ts',
  'test/docs/deploy.test.ts',
  'test/acceptance/2-schedule.test.ts',
  'test/faults/process.test.ts',
  'test/mirror/both-ways.test.ts',
  'test/alerts/enqueue.test.ts',
  'test/docs/installation.test.ts',
  'test/alerts/deliver.test.ts',
  'test/faults/fuzz.test.ts',
  'test/faults/lost.test.ts',
  'test/acceptance/5-calm.test.ts',
  'test/faults/silence.test.ts',
  'test/mirror/random.test.ts',
  'test/faults/frozen.test.ts',
  'test/cli/check.test.ts',
  'test/faults/database.test.ts',
  'test/acceptance/5-not-live.test.ts',
  'test/acceptance/5-login.test.ts',
  'test/acceptance/1-automatic.test.ts',
  'test/mirror/source/connection.test.ts',
  'test/demo/start.test.ts',
  'test/http/stream.test.ts',
  'test/mirror/read/incremental.test.ts',
  'test/workers/startup.test.ts',
  'test/workers/clocks.test.ts',
  'test/workers/cancel.test.ts',
]

const files = [...new Set([...longest, ...globSync('test/**/*.test.ts').sort()])]

/** Ctrl-C ends the tests that run; their servers and folders are removed as after every run. */
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())

/** Runs the tests of these files, and returns the files of those that failed. */
async function runTests(files: string[], concurrency: number): Promise<string[]> {
  const failed = new Set<string>()
  const events = run({
    files,
    concurrency,
    timeout: 120_000,
    signal: interrupted.signal,
    rerunFailuresFilePath: join(folder, 'passed.json'),
  })
  events.on('test:fail', ({ file }) => {
    if (file === undefined) for (const any of files) failed.add(any)
    else failed.add(file)
  })
  await pipeline(events, new spec(), process.stdout, { end: false })
  return [...failed]
}

await globalSetup()
try {
  let failed = await runTests(files, 4)
  if (failed.length > 0 && !interrupted.signal.aborted) {
    process.stdout.write('\nRunning the tests that failed once more. One that passes now is unreliable: fix it.\n\n')
    failed = await runTests(failed, 1)
  }
  if (failed.length > 0) process.exitCode = 1
} finally {
  await globalTeardown()
}
