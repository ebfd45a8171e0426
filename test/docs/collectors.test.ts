import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ServerTCP } from 'modbus-serial'
import pg from 'pg'
import { maxWaiting } from '../../src/readings/waiting.ts'
import { readingFlags } from '../../src/wire/lists.ts'
import type { Collection, Status, StoredReadings } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { findClosedPort, listen } from '../support/servers.ts'
import { createWorld, eventually } from '../support/world.ts'

const guide = readFileSync(new URL('../../docs/collectors.md', import.meta.url), 'utf8')

test('collectors.md: the readings are taken as shown, and the role may insert readings and nothing else', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query('insert into meter (external_id, name) values (100234, $1)', ['Boiler'])
  const agent = await world.agent()
  await agent.settled()
  const [json, csv] = [
    /```json\n(\[[\s\S]*?)```/.exec(guide)?.[1] ?? '',
    /```\n(externalId,[\s\S]*?)```/.exec(guide)?.[1] ?? '',
  ]
  const post = async (body: string) => (await agent.api<StoredReadings>('/api/readings', { method: 'POST', body })).body
  const answer = await post(json)
  assert.equal(answer.stored, 1)
  assert.equal((await post(csv)).duplicates, 1)
  assert.ok(guide.includes(`\`{ ${Object.keys(answer).join(', ')} }\``))
  for (const flag of readingFlags) assert.ok(guide.includes(`\`${flag}\``), flag)
  assert.ok(guide.includes(`${maxWaiting.toLocaleString('en')} at most`))

  const [grants = '', insert = ''] = [...guide.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block]) => block)
  const role = `collector_${world.sync.name}`
  const named = grants
    .replaceAll(/\bcollector\b/g, role)
    .replaceAll('meter_sync', world.sync.name)
    .replace("'…'", "'collector'")
  await world.sync.query(named)
  world.after(() => world.sync.query(`drop owned by ${role}; drop role ${role}`))
  const url = new URL(world.sync.url)
  url.username = role
  url.password = 'collector'
  const client = new pg.Client(url.href)
  await client.connect()
  try {
    assert.equal((await client.query(insert)).rowCount, 0, 'the same reading')
    assert.equal((await client.query(insert.replace("'2026-01-31T12:00:00Z'", 'now()'))).rowCount, 1)
    for (const refused of [
      'select * from sync.meter',
      'select * from sync.meter_reading',
      'delete from sync.meter_reading',
    ])
      await assert.rejects(client.query(refused), { code: '42501' }, refused)
  } finally {
    await client.end()
  }
  const { meters } = (await agent.api<Collection>('/api/collection')).body
  assert.deepEqual([meters.reporting, meters.never], [1, 3])
})

test('collectors.md: the example reads Modbus devices and sends readings again that got no answer', async (t) => {
  const example = new URL('../../docs/examples/modbus-collector.mjs', import.meta.url)
  const program = readFileSync(example, 'utf8')
  assert.ok(guide.includes(`\`\`\`js\n${program}\`\`\``))
  assert.ok(program.split('\n').length - 1 < 60)

  // Two meters behind one gateway, and one of which nothing answers.
  const registers = new DataView(new ArrayBuffer(24))
  registers.setUint32(8, 4_821_170)
  registers.setFloat32(20, 1.5)
  const [port, closedPort] = [await findClosedPort(), await findClosedPort()]
  const getHoldingRegister = (address: number, unit: number) => registers.getUint16(address * 2) + unit - 1
  const device = new ServerTCP({ getHoldingRegister }, { host: '127.0.0.1', port, unitID: 255 })
  await once(device, 'initialized')
  t.after(() => device.close(() => undefined))

  const world = await createWorld(t)
  const shown = /```json\n(\{[\s\S]*?)```/.exec(guide)?.[1] ?? ''
  const other = `{"unit": 2, "registers": [{"quantity": "volume", "address": 0, "type": "UInt16"}]}`
  const token = 'token-of-the-collector'
  const agent = await world.agent({
    AUTH_TOKEN: token,
    CLIENT_SYSTEM_QUERY: `
      select id as external_id, 'Meter' as name, '127.0.0.1' as ip_address, port, modbus::json
      from (values ('1', ${port}, '${shown}'), ('2', ${port}, '${other}'), ('3', ${closedPort}, '${shown}')) m (id, port, modbus)`,
  })
  const authorization = { Authorization: `Bearer ${token}` }
  await eventually(async () => {
    const { body } = await agent.api<Status>('/api/status', { headers: authorization })
    return body.clientSystems[0]?.lastSuccess
  })

  // The answer to the first post is lost.
  const seen: string[] = []
  const relay = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const body = Buffer.concat(await request.toArray()).toString()
    const passed = {
      Authorization: headers.authorization ?? '',
      'Content-Type': headers['content-type'] ?? '',
      'If-None-Match': headers['if-none-match'] ?? '',
    }
    const init = { method, headers: passed, ...(body && { body }) }
    const answer = await fetch(agent.url + url, init)
    seen.push(`${method} ${answer.status}`)
    if (method === 'POST' && seen.filter((line) => line === 'POST 200').length === 1) return response.destroy()
    response.writeHead(answer.status, { ETag: answer.headers.get('ETag') ?? '' }).end(await answer.text())
  })
  const AGENT_URL = `http://127.0.0.1:${await listen(t, relay)}`
  const collector = spawn(process.execPath, [fileURLToPath(example)], {
    env: { AGENT_URL, TOKEN: token, INTERVAL_SECONDS: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => collector.kill('SIGKILL'))
  let errors = ''
  collector.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  await eventually(async () => seen.filter((line) => line === 'POST 200').length >= 2)
  const exited = once(collector, 'exit')
  collector.kill('SIGTERM')
  await exited
  assert.deepEqual(seen.filter((line) => line.startsWith('GET')).slice(0, 2), ['GET 200', 'GET 304'])
  assert.match(errors, /cannot be sent/)
  assert.match(errors, /127\.0\.0\.1 cannot be read/)
  const stored = await world.sync.query(`
    select m.external_id as id, quantity, value::text, r.unit, count(*) > 1 as repeated
    from sync.meter_reading r join sync.meter m on m.id = r.meter_id
    group by 1, 2, 3, 4 order by 1, 2`)
  assert.deepEqual(
    stored.map(({ id, quantity, value, unit, repeated }) => [id, quantity, value, unit, repeated]),
    [
      ['1', 'energy', '48211.7', 'kWh', true],
      ['1', 'power', '1.5', 'kW', true],
      ['2', 'volume', '1', null, true],
    ],
  )
})
