import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { createAccess } from '../../src/access/access.ts'
import { startWebhooks } from '../../src/alerts/deliver.ts'
import { parseConfig } from '../../src/config/environment.ts'
import { openPool } from '../../src/db/pool.ts'
import { createCompleteJob } from '../../src/db/queue.ts'
import { watchSilence } from '../../src/db/silence.ts'
import { destroySocket } from '../../src/db/socket.ts'
import { startRepeating } from '../../src/demo/repeat.ts'
import { listenHttp } from '../../src/http/listen.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { serveHttp } from '../../src/http/server.ts'
import { createStreams } from '../../src/http/stream.ts'
import { createStack, type Lifetime, startLoop, withLifetime } from '../../src/lib/lifetime.ts'
import { startLive } from '../../src/live/live.ts'
import { createMcpEndpoint } from '../../src/mcp/endpoint.ts'
import { serveMcpStdio } from '../../src/mcp/stdio.ts'
import { createPreviews } from '../../src/mirror/previews.ts'
import { createTrigger } from '../../src/runs/trigger.ts'
import { openAgent, startService } from '../../src/service.ts'
import { createCorrections } from '../../src/workers/corrections.ts'
import { startJobQueue } from '../../src/workers/job-queue.ts'
import { startReaper } from '../../src/workers/reaper.ts'
import { createRunQueue } from '../../src/workers/run-queue.ts'
import { createWaitingSyncs } from '../../src/workers/waiting-syncs.ts'
import { createWorker } from '../../src/workers/worker.ts'
import { startWorkerProcess } from '../../src/workers/worker-process.ts'
import { createMeters } from '../support/meters.ts'
import { openProxy } from '../support/proxy.ts'
import { webhookEnvironment } from '../support/receiver.ts'
import { createWorld, eventually, type World } from '../support/world.ts'

const log = pino({ level: 'silent' })

/** Everything that the parts are made of, over a Sync database whose network can fall silent. */
async function open(world: World, databaseUrl: string) {
  const config = parseConfig(
    world.environment({
      DATABASE_URL: databaseUrl,
      ...webhookEnvironment({ url: 'http://127.0.0.1:9/' }),
    }),
  )
  const { syncDatabase, clientSystems, webhook } = config
  const started = await openAgent({ config, log })
  const { agent } = started
  const pool = openPool(syncDatabase, { application: 'lifetime test', max: 4, log, answerTimeoutMs: 2_000 })
  const queue = await startJobQueue({ syncDatabase, takesJobs: true, log })
  const { boss } = queue
  const completeJob = createCompleteJob(boss)
  const trigger = createTrigger({ pool, boss, createQueue: (id) => createRunQueue(boss, id), log })
  const redact = (text: string) => text
  const working = { syncDatabase, pools: { short: pool, long: pool }, completeJob, redact, log }
  assert.ok(webhook)
  const mcp = { fetch: async () => new Response(), stop: async () => undefined }
  const parts: Record<string, () => Lifetime | Promise<Lifetime>> = {
    'the HTTP server': async () =>
      serveHttp(await listenHttp(config), { agent, hosts: config, clientSystemIds: ['main'], log, mcp }),
    'a port that is not served': () => listenHttp(config),
    'event streams': () => createStreams(agent, log),
    metrics: () => createMetrics(agent, ['main'], () => 0),
    'the Sync MCP Server': () => createMcpEndpoint(agent, log),
    'tokens and sessions': async () => {
      const access = createAccess({ pool, authToken: null, log })
      await access.start()
      return access
    },
    'live events': () =>
      startLive({
        syncDatabase,
        clientSystems,
        demonstration: false,
        version: '0',
        pool,
        log,
        workingFor: () => [],
        onConnected: () => undefined,
        onRunEnded: () => undefined,
        onAccess: () => undefined,
      }),
    previews: () => createPreviews({ syncDatabase, pool, redact, log }),
    alerts: () => startWebhooks({ webhook, pool, boss, clientSystems, log }),
    'syncs for waiting readings': () => createWaitingSyncs({ pool, trigger, log }),
    'the worker': () => createWorker(working),
    corrections: () => createCorrections({ pool, log }),
    'the reaper': () => startReaper({ pool, boss, clientSystems, completeJob, onIdle: async () => undefined, log }),
    'the worker process': () => startWorkerProcess({ ...config, ...working, boss, trigger, clock: undefined }),
    'the watch of a connection': async () => {
      const client = new pg.Client(databaseUrl)
      client.on('error', () => undefined)
      await client.connect()
      const watch = watchSilence(client, { pid: 0, pool, unreachableMs: 2_000, log })
      return withLifetime({}, async () => {
        await watch.stop()
        destroySocket(client)
      })
    },
    'repeated work of the demonstration': () =>
      startRepeating({ name: 'nothing', work: async () => 1, firstAfterMs: 1, retryMs: 1, log }),
    'an assistant on standard input': () => serveMcpStdio(agent, log, null),
    'a loop': () => startLoop({ pass: async () => undefined, everyMs: 10, onError: () => undefined }),
  }
  const close = async () => {
    await queue.stop()
    await started.stop()
    await Promise.race([pool.end(), new Promise((done) => setTimeout(done, 500).unref())])
  }
  return { parts, close }
}

/** The timers of this process that keep it alive. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('every part stops, also twice and by `await using`, and leaves no timer behind', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  {
    await using service = await startService({ config: parseConfig(world.environment()), log })
    await Promise.all([service.stop(), service.stop()])
  }
  const beforeAll = timers()
  const noneLeft = (before: number, name: string) =>
    eventually(async () => timers() <= before, 5_000).catch(() => assert.fail(`${name} leaves a timer`))
  const { parts, close } = await open(world, world.sync.url)
  try {
    for (const [name, start] of Object.entries(parts)) {
      const before = timers()
      {
        await using part = await start()
        await Promise.all([part.stop(), part.stop()])
        await part.stop()
      }
      // What these take from the queue ends with the queue.
      if (name !== 'alerts' && name !== 'the worker process') await noneLeft(before, name)
    }
  } finally {
    // Open connections would keep the process of the tests alive.
    await close()
  }
  await noneLeft(beforeAll, 'all of it')
})

test('every part stops within 8 s where the network of the Sync database falls silent', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await using proxy = await openProxy(world.sync.url)
  await (await startService({ config: parseConfig(world.environment()), log })).stop()
  const { parts, close } = await open(world, proxy.url)
  t.after(close)
  const started: [string, Lifetime][] = []
  for (const [name, start] of Object.entries(parts)) started.push([name, await start()])
  proxy.silence()
  await Promise.all(
    started.map(async ([name, part]) => {
      const asked = performance.now()
      await part.stop()
      assert.ok(performance.now() - asked < 8_000, `${name} took ${performance.now() - asked} ms`)
    }),
  )
})

suite('a loop', () => {
  test('runs one pass at a time, and one pass serves many requests', async () => {
    let under = 0
    let passes = 0
    const gate = Promise.withResolvers<void>()
    await using loop = startLoop({
      pass: async () => {
        assert.equal(++under, 1)
        passes++
        await gate.promise
        under--
      },
      onError: assert.fail,
    })
    loop.requestPass()
    await new Promise(setImmediate)
    for (let at = 0; at < 5; at++) loop.requestPass()
    gate.resolve()
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    assert.equal(passes, 2)
  })

  test('retries after a failure, reports whether the last pass failed too, and its stop waits for the pass', async () => {
    const failures: boolean[] = []
    const third = Promise.withResolvers<void>()
    let ended = false
    const loop = startLoop({
      pass: async () => {
        if (failures.length < 2) throw new Error('failed')
        third.resolve()
        await new Promise((done) => setTimeout(done, 50))
        ended = true
      },
      retryMs: 1,
      onError: (_, { repeated }) => failures.push(repeated),
    })
    loop.requestPass()
    await third.promise
    await loop.stop()
    assert.deepEqual([failures, ended], [[false, true], true])
    loop.requestPass()
  })
})

test('a stack stops in reverse order, and continues when one part fails to stop', async () => {
  const stopped: number[] = []
  const stack = createStack()
  stack.add(withLifetime({}, () => void stopped.push(1)))
  stack.add({ stop: () => Promise.reject(new Error('stuck')) })
  stack.add(withLifetime({}, () => void stopped.push(3)))
  await assert.rejects(stack.stop(), /some parts did not stop/)
  assert.deepEqual(stopped, [3, 1])
})
