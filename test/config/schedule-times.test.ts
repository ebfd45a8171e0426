import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { TestClock } from 'pg-boss'
import { findLastTime, findNextTime, queueFiredInRepeatedHour, queueFiresAt } from '../../src/config/schedule-times.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

const zurich = (cron: string) => ({ cron, timeZone: 'Europe/Zurich' })
const daily = zurich('30 2 * * *')

suite('daylight saving', { concurrency: 2 }, () => {
  test('F38: a time that the clocks skip occurs once, an hour later; a repeated time occurs once, the first time', () => {
    const spring = new Date('2027-03-28T01:30:00Z')
    assert.deepEqual(findNextTime(daily, new Date('2027-03-27T12:00:00Z')), spring)
    assert.deepEqual(findNextTime(daily, spring), new Date('2027-03-29T00:30:00Z'))
    assert.deepEqual(findLastTime(daily, new Date('2027-03-28T01:29:00Z'), new Date('2027-03-28T01:30:20Z')), spring)
    assert.equal(queueFiresAt(daily, spring), false)
    const autumn = new Date('2026-10-25T00:30:00Z')
    assert.deepEqual(findNextTime(daily, new Date('2026-10-24T12:00:00Z')), autumn)
    assert.equal(queueFiresAt(daily, autumn), true)
    assert.deepEqual(findNextTime(daily, autumn), new Date('2026-10-26T01:30:00Z'))
    assert.equal(queueFiredInRepeatedHour(daily, new Date('2026-10-25T00:30:40Z')), false)
    assert.equal(queueFiredInRepeatedHour(daily, new Date('2026-10-25T01:30:40Z')), true)
  })

  test('a time in a skipped midnight hour occurs once, an hour later', () => {
    const cairo = { cron: '30 0 * * *', timeZone: 'Africa/Cairo' }
    const skipped = new Date('2027-04-29T22:30:00Z')
    assert.deepEqual(findNextTime(cairo, new Date('2027-04-29T12:00:00Z')), skipped)
    assert.deepEqual(findLastTime(cairo, new Date('2027-04-29T22:29:00Z'), new Date('2027-04-29T22:30:20Z')), skipped)
    assert.equal(queueFiresAt(cairo, skipped), false)
    assert.equal(queueFiredInRepeatedHour(cairo, new Date('2027-04-29T22:30:20Z')), false)
  })

  test('an hourly schedule runs in every hour, also in the repeated one', () => {
    const hourly = zurich('0 * * * *')
    for (let at = Date.parse('2026-10-24T20:00:00Z'); at < Date.parse('2026-10-25T06:00:00Z'); at += 3_600_000) {
      assert.deepEqual(findNextTime(hourly, new Date(at)), new Date(at + 3_600_000))
      assert.equal(queueFiredInRepeatedHour(hourly, new Date(at + 30_000)), false)
      assert.equal(queueFiresAt(hourly, new Date(at)), true)
    }
  })

  test('F38: a scheduled time that the clocks skip still runs, once', { timeout: 60_000 }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const clock = new TestClock(Date.parse('2027-03-28T01:29:45Z'))
    const agent = await world.agent({ SYNC_CRON: daily.cron, SYNC_TIMEZONE: daily.timeZone }, { clock })
    await agent.settled()
    const scheduled = async () => (await world.sync.query(`select from sync.run where trigger = 'schedule'`)).length
    await eventually(async () => {
      await clock.tick(5_000)
      return (await scheduled()) === 1
    })
    for (let second = 0; second < 60; second += 5) await clock.tick(5_000)
    assert.equal(await scheduled(), 1)
  })
})
