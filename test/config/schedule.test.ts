import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment } from '../../src/config/environment.ts'
import { clientSystemOf, errorsOf } from '../support/configuration.ts'

test('R4.7: the freshness limit follows the longest gap of the schedule, unless it is set', () => {
  const minutes = (environment: Environment) => clientSystemOf(environment).freshnessMs / 60_000
  assert.equal(minutes({ SYNC_CRON: '*/15 * * * *' }), 2 * 15 + 10)
  assert.equal(minutes({ SYNC_CRON: '0 6,8 * * *' }), 2 * 22 * 60 + 10)
  assert.equal(minutes({ SYNC_CRON: '* * * * *' }), 2 + 10)
  assert.equal(minutes({ SYNC_CRON: '50,10,15 * * * *' }), 2 * 35 + 10)
  assert.equal(minutes({ SYNC_CRON: '30-40 * * * *' }), 2 * 50 + 10)
  assert.equal(minutes({ FRESHNESS_MINUTES: '7' }), 7)
})

test('the freshness limit does not depend on when the agent starts, and includes nights and weekends', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const weekend = 57 * 60 + 15
  for (const start of ['2026-11-23T08:00Z', '2026-11-26T19:00Z', '2026-11-27T20:50Z', '2026-11-28T12:00Z']) {
    t.mock.timers.setTime(Date.parse(start))
    const { freshnessMs } = clientSystemOf({ SYNC_CRON: '*/15 6-20 * * 1-5', SYNC_TIMEZONE: 'UTC' })
    assert.equal(freshnessMs / 60_000, 2 * weekend + 10, start)
  }
})

test('names and ranges are accepted in the five fields of cron', () => {
  for (const cron of ['*/15 6-20 * * mon-fri', '0,30 0 1-15/2 JAN,jul *', '5/10 * * * 7', '0 0 29 2 SUN-TUE'])
    assert.deepEqual(errorsOf({ SYNC_CRON: cron }), [], cron)
})

test('the freshness limit includes a pause of months in the schedule', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  for (const start of ['2026-01-05T08:00Z', '2026-06-05T08:00Z', '2026-12-01T08:00Z']) {
    t.mock.timers.setTime(Date.parse(start))
    const { freshnessMs } = clientSystemOf({ SYNC_CRON: '0 6 * 4-9 *', SYNC_TIMEZONE: 'UTC' })
    assert.ok(freshnessMs > 2 * 182 * 86_400_000, start)
  }
})
