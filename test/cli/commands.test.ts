import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCommand } from '../../src/cli/arguments.ts'
import type { Run, Status } from '../../src/wire/types.ts'
import { runCommand as run, startCommand as start } from '../support/command.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

function parseLine<T>(out: string): T {
  assert.equal(out.split('\n').length, 2, `one line: ${out}`)
  return JSON.parse(out)
}

describe('the command line', { concurrency: 2 }, () => {
  test('R8.8: without a worker, sync exits with 1 after 30 s and the run stays queued for the next worker', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const asked = performance.now()
    const { code, out, err } = await run(['sync', '--json'], world.environment({ LOG_LEVEL: 'error' }))
    assert.ok(performance.now() - asked >= 30_000)
    assert.equal(code, 1)
    const queued = parseLine<Run>(out)
    assert.equal(queued.status, 'queued')
    assert.match(err, /^No worker has started run \S+; it stays queued\nStart a worker: meter-sync-agent serve\n$/)
    const agent = await world.agent()
    const done = await eventually(async () => (await agent.status()).clientSystems[0]?.lastSuccess)
    assert.deepEqual([done.id, done.trigger], [queued.id, 'cli'])
  })

  test('R8.7: an unknown command or option exits with 2, one sentence and a suggestion', async () => {
    const wrong: [string[], RegExp][] = [
      [['sync', '--loud'], /^Error: Unknown option: --loud$/],
      [['sync', '--dry-run'], /^Error: Unknown option: --dry-run; did you mean sync --preview\?$/],
      [['sync', '--aprove-deletes', '3'], /did you mean --approve-deletes\?$/],
      [['sync', '--constructor'], /^Error: Unknown option: --constructor$/],
      [['stats'], /^Error: Unknown command: stats; did you mean status\?$/],
      [['validate'], /did you mean check\?$/],
      [['sync', 'now'], /Unknown command: sync now/],
      [['constructor'], /Unknown command: constructor/],
      [['mcp', '--json'], /mcp does not accept --json/],
      [['--json'], /serve does not accept --json/],
      [['sync', '--approve-deletes', 'all'], /--approve-deletes: expected a whole number/],
      [['sync', '--approve-deletes', '1.5'], /--approve-deletes: expected a whole number/],
      [['sync', '--client-system'], /--client-system/],
    ]
    for (const [args, message] of wrong) assert.throws(() => parseCommand(args), message)
    const { code, out, err } = await run(['status', '--full'])
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /^status does not accept --full\nmeter-sync-agent --help lists the commands and their options\n$/)
  })

  test('R8.7: a command without both URLs exits with 78 and names them, even where serve would run the demonstration', async () => {
    const commands = ['sync', 'status', 'mcp']
    const answers = await Promise.all(commands.map(async (command) => ({ command, ...(await run([command])) })))
    for (const { command, code, out, err } of answers) {
      assert.deepEqual([code, out], [78, ''])
      assert.match(err, new RegExp(`${command} needs DATABASE_URL and CLIENT_SYSTEM_URL`))
    }
    const one = await run(['status'], { CLIENT_SYSTEM_URL: 'postgres://localhost/meters' })
    assert.equal(one.code, 78)
    assert.match(one.err, /DATABASE_URL: expected/)
  })

  test('a command fails at once when the Sync database is down', async (t) => {
    const world = await createWorld(t)
    const { code, err } = await run(
      ['status'],
      world.environment({ DATABASE_URL: 'postgres://user:secret@127.0.0.1:1/x' }),
    )
    assert.equal(code, 1)
    assert.match(err, /Cannot connect to the Sync database: .*ECONNREFUSED/)
    assert.match(err, /Check DATABASE_URL/)
    assert.doesNotMatch(err, /secret/)
  })

  test('a command does not create the schema and requires that of this program', async (t) => {
    const world = await createWorld(t)
    const { code, err } = await run(['status'], world.environment({ DATABASE_URL: world.source.url }))
    assert.equal(code, 78)
    assert.match(err, /meter-sync-agent migrate/)
    assert.deepEqual(
      await world.source.query(`select from pg_namespace where nspname in ('sync', 'pgboss', 'drizzle')`),
      [],
    )
  })

  test('R8.7: sync follows its run to the end and status shows it, as text and as one line of JSON', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 100)
    const environment = world.environment({ LOG_LEVEL: 'error', CLIENT_SYSTEM_NAME: 'North\u202e' })
    const never = await run(['status'], environment)
    assert.equal(never.code, 0)
    assert.match(never.out, /^North\\u\{202e\} \(main\): Not synced yet\n[\s\S]*0 active, 0 inactive\n.*Never synced/)
    const agent = await world.agent()
    await agent.settled()
    await world.source.query('delete from meter where external_id > 50')

    const text = await run(['sync'], environment)
    assert.deepEqual([text.code, text.err], [0, ''])
    assert.match(text.out, /^(Run \S+ is (queued|running)|\w+ …)\n/)
    assert.match(
      text.out,
      /\nSynced: 50 read, 0 inserted, 0 updated, 0 deleted\nTook \d+\.\d s, both sides equal: 50 meters, digest [0-9a-f]{16}\nHeld back: 50 deletions, because more than 5 % of the meters are missing \(DELETE_GUARD_PERCENT\)\n/,
    )
    assert.match(text.out, /--approve-deletes 50 --digest [0-9a-f]{16}\n$/)

    const json = await run(
      ['sync', '--json', '--full', '--approve-deletes', '50', '--client-system', 'main'],
      environment,
    )
    assert.deepEqual([json.code, json.err], [0, ''])
    const done = parseLine<Run>(json.out)
    assert.deepEqual(done, (await agent.api<Run>(`/api/runs/${done.id}`)).body)
    assert.deepEqual([done.trigger, done.readMode, done.approveDeletes], ['cli', 'full', 50])
    assert.equal(done.counts?.deleted, 50)

    const [shown, statusJson] = await Promise.all([
      run(['status'], environment),
      run(['status', '--json'], environment),
    ])
    assert.deepEqual([shown.code, statusJson.code], [0, 0])
    assert.match(
      shown.out,
      /^North\S* \(main\): In sync\n[\s\S]*50 active, 50 inactive\n.*Last sync {2}\d+ \w+ 20\d\d, \S+ \S+: 50 read, 0 inserted, 0 updated, 50 deleted\n/,
    )
    const status = parseLine<Status>(statusJson.out)
    assert.deepEqual(status.clientSystems[0]?.lastSuccess, done)
    assert.equal(status.clientSystems[0]?.name, 'North\u202e')

    const unknown = await run(['sync', '--client-system', 'south'], environment)
    assert.deepEqual([unknown.code, unknown.out], [2, ''])
    assert.match(unknown.err, /no Client System south\nKnown are: main\n$/)
  })

  test('R2.3, R8.7: sync exits with 75 and names the active run; a signal ends the command and not the run', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const gate = await createGate(world.source)
    const environment = { CLIENT_SYSTEM_QUERY: gate.query, LOG_LEVEL: 'error' }
    const agent = await world.agent(environment)
    await agent.settled()
    const open = await gate.close()
    const following = start(['sync'], world.environment(environment))
    await eventually(async () => (await gate.countWaiting()) > 0 && /reading/.test(following.output()))
    const [text, json] = await Promise.all([
      run(['sync'], world.environment(environment)),
      run(['sync', '--json'], world.environment(environment)),
    ])
    const active = (await agent.status()).clientSystems[0]?.activeRun
    assert.deepEqual([text.code, text.out], [75, ''])
    assert.match(text.err, new RegExp(`active: run ${active?.id}`))
    assert.equal(json.code, 75)
    assert.equal(parseLine<Run>(json.out).id, active?.id)
    following.signal('SIGINT')
    const left = await following.ended
    assert.equal(left.code, 1)
    assert.match(left.err, new RegExp(`Run ${active?.id} continues without this command`))
    await open()
    const ended = await agent.settled()
    assert.deepEqual([ended.id, ended.status], [active?.id, 'succeeded'])
  })

  test('R8.7: sync exits with 1 when its run fails or is cancelled, with message and hint on stderr', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const gate = await createGate(world.source)
    const environment = { CLIENT_SYSTEM_QUERY: gate.query, LOG_LEVEL: 'error' }
    const agent = await world.agent(environment)
    await agent.settled()
    const open = await gate.close()
    const following = start(['sync', '--json'], world.environment(environment))
    await gate.untilReached()
    const active = (await agent.status()).clientSystems[0]?.activeRun
    const cancelling = await run(['cancel'], world.environment(environment))
    assert.deepEqual([cancelling.code, cancelling.err], [0, ''])
    assert.equal(cancelling.out, `Run ${active?.id} is cancelled; no meter was changed\n`)
    const cancelled = await following.ended
    assert.equal(cancelled.code, 1)
    assert.equal(parseLine<Run>(cancelled.out).status, 'cancelled')
    assert.match(cancelled.err, /^The sync was cancelled: .+\nNothing was changed/)
    await open()
    const [none, noneJson] = await Promise.all([
      run(['cancel'], world.environment(environment)),
      run(['cancel', '--json'], world.environment(environment)),
    ])
    assert.deepEqual([none.code, none.out, noneJson.code, noneJson.out], [0, 'No sync is active\n', 0, 'null\n'])
    await world.source.query('alter table meter rename column name to label')
    for (const args of [['sync'], ['sync', '--json']]) {
      const { code, out, err } = await run(args, world.environment(environment))
      assert.equal(code, 1)
      const error = (await agent.settled()).error
      assert.equal(error?.code, 'source_query')
      assert.equal(err, `The sync failed: ${error?.message}\n${error?.hint}\n`)
      if (args.length === 2) assert.equal(parseLine<Run>(out).error?.code, 'source_query')
    }
    const shown = await run(['status'], world.environment(environment))
    assert.equal(shown.code, 0)
    assert.match(shown.out, /: Last sync failed\n[\s\S]*\n {2}Failed {5}.*source_query\n/)
    assert.equal((await run(['status', '--check'], world.environment(environment))).code, 1)
  })
})
