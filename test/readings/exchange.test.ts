import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Meter, MeterReading, Problem, StoredReadings, Target } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, type TestAgent } from '../support/world.ts'

const post = (agent: TestAgent, body: string) =>
  agent.api<StoredReadings & Problem>('/api/readings', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'text/csv' },
  })

suite('readings and targets', { concurrency: true }, () => {
  test('readings are posted as CSV: quoted fields, columns in any order, invalid lines reported by number', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const query = `select id as external_id, 'Meter' as name from unnest('{1,2,"77,\\"a\\""}'::text[]) id`
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: query })
    await agent.settled()
    const lines = [
      '\ufeffreadAt,externalId,"quantity",value,unit',
      '2026-01-31T12:00:00Z,1,energy,12345678901234567890.125,kWh',
      '2026-01-31T12:00:00Z,"77,""a""","two ""quoted',
      'lines""",-1.5,',
      '',
      '2026-01-31T12:00:00Z,2,energy,"1,5",kWh',
      '2026-01-31T12:00:00Z,2,energy,1',
      '2026-01-31T12:00:00Z,2,en"ergy,1,kWh',
      '2026-01-31T12:00:00Z,,energy,1,kWh',
      'yesterday,2,energy,1,kWh',
      '2026-01-31T12:00:00Z,1,energy,12345678901234567890.125,kWh',
    ]
    const { status, body } = await post(agent, lines.join('\r\n').replace('quoted\r\n', 'quoted\n'))
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual([body.stored, body.duplicates], [2, 1])
    assert.deepEqual(
      body.rejected.map(({ line, reason }) => `${line}: ${reason}`),
      [
        '6: value has more than 60 digits on a side of its point, or an exponent beyond 99',
        '7: the line has 4 fields, not 5',
        '8: a quote of the line is not closed, or stands within a field',
        '9: externalId must not be blank',
        '10: readAt must be a time with its offset, like 2026-01-31T12:00:00Z',
      ],
    )
    const stored = await world.sync.query(
      `select m.external_id, quantity, value::text, r.unit from sync.meter_reading r join sync.meter m on m.id = meter_id order by 1`,
    )
    assert.deepEqual(stored, [
      { external_id: '1', quantity: 'energy', value: '12345678901234567890.125', unit: 'kWh' },
      { external_id: '77,"a"', quantity: 'two "quoted\nlines"', value: '-1.5', unit: null },
    ])
    const headers: [string, RegExp][] = [
      ['externalId,quantity,value', /no column readAt/],
      ['externalId,quantity,value,readAt,value', /the column value more than once/],
      ['externalId,quantity,value,readAt,colour', /unknown column colour/],
      ['meter;quantity;value;readAt', /no column externalId/],
    ]
    for (const [header, message] of headers) {
      const refused = await post(agent, `${header}\n1,2,3,4\n`)
      assert.deepEqual([refused.status, refused.body.code], [400, 'bad_request'])
      assert.match(refused.body.detail, message)
      assert.match(refused.body.hint ?? '', /externalId,quantity,value,readAt/)
    }
    // An additional quote joins the next line to this one, and the answer reports it. At the end of the body its extent is unknown.
    const swallowing = ['externalId,quantity,value,readAt', '"1,energy,1,AT', '"1",power,1,AT', '2,power,1,AT', '']
    const swallowed = await post(agent, swallowing.join('\n').replaceAll('AT', '2026-02-01T00:00:00Z'))
    assert.deepEqual(
      [swallowed.body.stored, swallowed.body.rejected],
      [1, [{ line: 2, reason: 'a quote of the line is not closed, or stands within a field, up to line 3' }]],
    )
    const open = await post(agent, 'externalId,quantity,value,readAt\n1,energy,1,2026-02-02T00:00:00Z\n"2,energy,1\n2')
    assert.equal(open.status, 400)
    assert.match(open.body.detail, /quote that begins in line 3/)
    const many = await post(agent, `externalId,quantity,value,readAt\n${'1\n'.repeat(200_001)}`)
    assert.equal(many.status, 413)
  })

  test('R6.5: readings are listed by meter and time as JSON, filtered and paged, and exported as CSV that can be posted again', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 4)
    await world.source.query(`update meter set location = 'Hall "1", left' where external_id = 3`)
    const agent = await world.agent()
    await agent.settled()
    // More than one statement of the export takes.
    await world.sync.query(`
      insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
      select id, q, timestamptz '2026-01-01 00:00:00.000001Z' + n * interval '15 minutes', n + 0.10, case when n % 2 = 0 then 'kWh, "net"' end
      from sync.meter, unnest('{energy,power}'::text[]) q, generate_series(0, 1999) n
      where external_id <> '4'
      union all
      select id, '''=x', '2026-01-31 00:00Z', -1.5, '=1+1' from sync.meter where external_id = '4'`)
    type Listed = { readings: MeterReading[]; next: string | null }
    const list = async (search: string) => (await agent.api<Listed>(`/api/readings?${search}`)).body
    const window = 'from=2026-01-01T00:15:00Z&to=2026-01-01T01:00:00Z'
    const seen: MeterReading[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page: Listed = await list(`${window}&limit=7${next === '' ? '' : `&after=${next}`}`)
      seen.push(...page.readings)
      next = page.next
    }
    assert.equal(seen.length, 3 * 2 * 3)
    const first = seen.filter(({ externalId }) => externalId === '1')
    assert.deepEqual(
      seen.map(({ meterId }) => meterId),
      seen.map(({ meterId }) => meterId).toSorted((a, b) => a - b),
    )
    assert.deepEqual(
      first.slice(0, 3).map(({ externalId, quantity, readAt, value }) => [externalId, quantity, readAt, value]),
      [
        ['1', 'energy', '2026-01-01T00:15:00.000001Z', 1.1],
        ['1', 'power', '2026-01-01T00:15:00.000001Z', 1.1],
        ['1', 'energy', '2026-01-01T00:30:00.000001Z', 2.1],
      ],
    )
    const located = await list(`${window}&location=${encodeURIComponent('Hall "1", left')}`)
    assert.deepEqual(new Set(located.readings.map(({ externalId }) => externalId)), new Set(['3']))
    assert.equal((await list('kind=water')).readings.length, 0)

    const { headers, body: csv } = await agent.api<string>('/api/readings?format=csv')
    assert.match(headers.get('content-type') ?? '', /^text\/csv/)
    const lines = csv.split('\r\n')
    assert.equal(lines.length, 1 + 3 * 2 * 2_000 + 2)
    const line = lines.find((one) => one.startsWith('main,1,'))
    assert.equal(line, 'main,1,energy,0.10,"kWh, ""net""",2026-01-01T00:00:00.000001Z')
    // A spreadsheet would take these texts for formulas; the number stays one.
    assert.ok(lines.includes(`main,4,''=x,-1.5,'=1+1,2026-01-31T00:00:00.000000Z`))
    const again = (await post(agent, csv)).body
    assert.deepEqual([again.stored, again.duplicates, again.rejected], [0, 12_001, []])

    const [meter] = (await agent.api<{ meters: Meter[] }>('/api/meters?q=Meter%202')).body.meters
    const own = await agent.api<string>(`/api/meters/${meter?.id}/readings?format=csv&to=2026-01-01T00:15:00Z`)
    assert.deepEqual(own.body.trim().split('\r\n').slice(1), [
      'main,2,energy,0.10,"kWh, ""net""",2026-01-01T00:00:00.000001Z',
      'main,2,power,0.10,"kWh, ""net""",2026-01-01T00:00:00.000001Z',
    ])
    assert.equal((await agent.api(`/api/meters/4711/readings?format=csv`)).status, 404)
  })

  test('R6.7: targets are the active meters, as JSON, CSV and for Prometheus, with an ETag that a sync changes', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 3)
    await world.source.query(`
      update meter set active = false where external_id = 1;
      update meter set ip_address = '2001:db8::1', multiplier = 0.1000000000000000055511151231257827 where external_id = 2;
      update meter set ip_address = null, location = null where external_id = 3`)
    const query = `select m.*, '15 minutes'::interval as reading_interval, '{"unit": 3}'::jsonb as "modbus" from meter m`
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: query })
    await agent.settled()
    const { headers, body } = await agent.api<{ targets: Target[] }>('/api/targets')
    assert.deepEqual(
      body.targets.map(({ meterId: _, ...target }) => target),
      [
        {
          externalId: '2',
          name: 'Meter 2',
          serialNumber: 'S2',
          kind: 'electricity',
          unit: 'kWh',
          location: 'Hall 2',
          ipAddress: '2001:db8::1',
          port: 502,
          readingIntervalMinutes: 15,
          attributes: { modbus: { unit: 3 }, multiplier: 0.1, reading_interval: '00:15:00' },
        },
        {
          externalId: '3',
          name: 'Meter 3',
          serialNumber: 'S3',
          kind: 'electricity',
          unit: 'kWh',
          location: null,
          ipAddress: null,
          port: 502,
          readingIntervalMinutes: 15,
          attributes: { modbus: { unit: 3 }, multiplier: 1.5, reading_interval: '00:15:00' },
        },
      ],
    )
    const text = await (await fetch(`${agent.url}/api/targets`)).text()
    assert.match(text, /"multiplier": 0\.1000000000000000055511151231257827/, 'attributes keep their digits')
    const scraped = await agent.api<unknown>('/api/targets?format=prometheus')
    assert.equal(scraped.headers.get('content-type'), 'application/json')
    assert.deepEqual(scraped.body, [
      {
        targets: ['[2001:db8::1]:502'],
        labels: {
          __meta_meter_id: String(body.targets[0]?.meterId),
          __meta_meter_external_id: '2',
          __meta_meter_name: 'Meter 2',
          __meta_meter_serial_number: 'S2',
          __meta_meter_kind: 'electricity',
          __meta_meter_unit: 'kWh',
          __meta_meter_location: 'Hall 2',
          __meta_meter_reading_interval_minutes: '15',
          __meta_meter_attribute_modbus: '{"unit":3}',
          __meta_meter_attribute_multiplier: '0.1',
          __meta_meter_attribute_reading_interval: '00:15:00',
        },
      },
    ])
    const csv = (await agent.api<string>('/api/targets?format=csv')).body.split('\r\n')
    assert.equal(csv.length, 4)
    assert.match(csv[2] ?? '', /^\d+,3,Meter 3,S3,electricity,kWh,,,502,15,"\{""modbus""/)
    const ofWater = await agent.api('/api/targets?kind=water')
    assert.deepEqual(ofWater.body, { targets: [] })
    assert.notEqual(ofWater.headers.get('etag'), headers.get('etag'))
    assert.deepEqual((await agent.api('/api/targets?kind=water&format=prometheus')).body, [])

    const etag = headers.get('etag') ?? ''
    const known = () => agent.api<string>('/api/targets', { headers: { 'If-None-Match': `"other", W/${etag}` } })
    assert.deepEqual([(await known()).status, (await known()).body], [304, ''])
    assert.notEqual(scraped.headers.get('etag'), etag)
    await agent.sync()
    assert.equal((await known()).status, 304, 'a sync without a change')
    await world.source.query(`update meter set port = 503 where external_id = 3`)
    const run = await agent.sync()
    assert.equal((await known()).status, 200)
    const seenMs = Date.now() - Date.parse(run.finishedAt ?? '')
    assert.ok(seenMs < 1_000, `the change was visible ${seenMs} ms after the sync`)
  })
})
