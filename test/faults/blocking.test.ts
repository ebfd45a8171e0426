import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSource } from '../../src/mirror/source/connection.ts'
import type { Problem, StoredReadings } from '../../src/wire/types.ts'
import { clientSystemOf } from '../support/configuration.ts'
import { createMeters } from '../support/meters.ts'
import { failed } from '../support/mirror.ts'
import { type AgentProcess, createWorld, eventually } from '../support/world.ts'

const megabytes = 1_024 * 1_024
const largest = 10 * megabytes
const preload = `--import=${new URL('../support/loop.ts', import.meta.url)}`

/**
 * Measures an agent since the last call: the longest block of its event loop, how long a block may be, and the most memory of
 * its process. On some virtual machines a megabyte of new memory takes 3 ms, so the limit includes the time of 96 MB.
 */
async function measure(agent: AgentProcess): Promise<{ longestMs: number; limitMs: number; peakBytes: number }> {
  const isMeasure = ({ msg }: { msg: string }) => msg === 'loop'
  const seen = agent.log.filter(isMeasure).length
  agent.kill('SIGUSR2')
  const line = await eventually(async () => agent.log.filter(isMeasure)[seen])
  const limitMs = 100 + Number(line.newMemoryMs)
  return { longestMs: Number(line.longestMs), limitMs, peakBytes: Number(line.peakBytes) }
}

const reading = (at: number, value: number) =>
  `{"externalId":"${1 + (at % 3)}","quantity":"e","value":${value},"readAt":"${new Date(1.7e12 + at * 1_000).toISOString()}"}`
const list = (count: number, item: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => item(at)).join(',')

const bodies: [string, string, (status: number, answer: StoredReadings & Problem) => boolean][] = [
  [
    'one object with 900,000 keys',
    `[{${list(900_000, (at) => `"${at}":1`)}}]`,
    (status, { rejected }) => status === 200 && rejected[0]?.reason === 'the reading is larger than 16 kB',
  ],
  ['10 MB of [', '['.repeat(largest), (status, { code }) => status === 400 && code === 'bad_request'],
  [
    'brackets within brackets',
    `[${'['.repeat(largest / 2 - 2)}${']'.repeat(largest / 2 - 2)}]`,
    (status, { rejected }) => status === 200 && rejected.length === 1,
  ],
  [
    'readings of 8,000 levels',
    `[${list(600, () => `${'['.repeat(8_000)}${']'.repeat(8_000)}`)}]`,
    (status, { rejected }) => status === 200 && rejected.length === 600,
  ],
  [
    'readings with a thousand wrong keys',
    Array.from({ length: 700 }, () => `{${list(1_000, (at) => `"wrong ${at}":1`)}}`)
      .join('\n')
      .slice(0, largest),
    (status, { rejected }) => status === 200 && rejected.length >= 600,
  ],
  [
    '100,000 that are rejected',
    `[${list(100_000, (at) => `{"wrong ${at}":1}`)}]`,
    (status, { rejected }) => status === 200 && rejected.length === 100_000,
  ],
]

test('F24: no body of readings blocks the process for 100 ms, alone or eight at once, or fills its memory', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process({ NODE_OPTIONS: preload })
  await agent.settled()
  const before = await measure(agent)
  const post = async (body: string) => {
    const { status, body: answer } = await agent.api<StoredReadings & Problem>('/api/readings', {
      method: 'POST',
      body,
    })
    return { status, answer }
  }
  for (const [name, body, isExpected] of bodies) {
    const { status, answer } = await post(body)
    assert.ok(isExpected(status, answer), `${name}: ${status} ${JSON.stringify(answer).slice(0, 300)}`)
    const { longestMs, limitMs } = await measure(agent)
    t.diagnostic(`${name}: ${Math.round(longestMs)} of ${Math.round(limitMs)} ms`)
    assert.ok(longestMs < limitMs, `${name} blocked the event loop for ${longestMs} ms`)
  }
  const stored = list(50_000, (at) => reading(at, at))
  const together = [...bodies.map(([, body]) => body), `[${stored}]`, `[${stored}]`]
  const answers = await Promise.all(together.map(post))
  assert.equal(answers.at(-1)?.answer.stored, 50_000 - (answers.at(-2)?.answer.stored ?? 0))
  const { longestMs, limitMs, peakBytes } = await measure(agent)
  const grownBy = (peakBytes - before.peakBytes) / megabytes
  t.diagnostic(`eight at once: ${Math.round(longestMs)} of ${Math.round(limitMs)} ms, ${Math.round(grownBy)} MB more`)
  assert.ok(longestMs < limitMs, `eight bodies at once blocked the event loop for ${longestMs} ms`)
  assert.ok(grownBy < 600, `eight bodies at once took ${grownBy} MB`)
})

test('F29: an error that repeats the beginning of a secret, or quotes megabytes, does not block the process', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query(`create table quoted as select ''::text as part, 0 as times`)
  const agent = await world.process({
    NODE_OPTIONS: preload,
    CLIENT_SYSTEM_QUERY: 'select external_id, repeat(part, times)::integer::text as name from meter, quoted',
  })
  await agent.settled()
  await measure(agent)
  for (const [part, times] of [
    ['postgres://', 60_000],
    ['postgres://u:', 1_000_000],
    ['password=', 1_000_000],
    [`password='`, 1_000_000],
    ['a', 12_000_000],
  ] as const) {
    await world.source.query('update quoted set part = $1, times = $2', [part, times])
    const { code, message } = failed(await agent.sync())
    assert.equal(code, 'source_query')
    assert.ok(message.length <= 4_001, `${message.length}`)
    const { longestMs, limitMs } = await measure(agent)
    t.diagnostic(`${times} times ${part}: ${Math.round(longestMs)} of ${Math.round(limitMs)} ms`)
    assert.ok(longestMs < limitMs, `${times} times ${part} blocked the event loop for ${longestMs} ms`)
    const line = agent.log.findLast(({ msg }) => msg === 'meter sync failed')
    assert.ok(JSON.stringify(line).length < 60_000)
  }
})

test('F4: an answer of the source that arrives while the process is blocked past the timeout is read', async (t) => {
  const world = await createWorld(t)
  const clientSystem = clientSystemOf(world.environment())
  const timeouts = { ...clientSystem.timeouts, startMs: 200 }
  await using source = await openSource({ ...clientSystem, timeouts }, new AbortController().signal)
  const asked = source.query<{ answer: number }>('select 42 as answer from pg_sleep(0.05)')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  assert.equal((await asked).rows[0]?.answer, 42)
  await assert.rejects(source.query('select pg_sleep(2)'), { code: 'source_timeout' })
})
