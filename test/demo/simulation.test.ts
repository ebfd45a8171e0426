import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstDevices, nextFirmware } from '../../src/demo/devices.ts'
import { seededRandom } from '../../src/demo/random.ts'
import { planStep } from '../../src/demo/simulation.ts'

test('a demonstration that runs for a month neither grows nor becomes empty', () => {
  const random = seededRandom(2)
  let created = 0
  const installed = new Map(firstDevices(500).map((device) => [`${created++}`, device]))
  const removed = new Map<string, ReturnType<typeof firstDevices>[number]>()
  for (let minute = 0; minute < 30 * 24 * 60; minute++) {
    const step = planStep(
      [...installed].map(([id, device]) => ({ ...device, id })),
      [...removed.keys()],
      random,
    )
    for (const device of step.added) installed.set(`${created++}`, device)
    for (const { id, ...device } of step.changed) {
      const known = installed.get(id)
      assert.ok(known)
      installed.set(id, { ...known, ...device })
    }
    move(step.restored, removed, installed)
    move(step.removed, installed, removed)
    assert.ok(installed.size > 480 && installed.size < 520, `${installed.size} in minute ${minute}`)
  }
  const outOfService = [...installed.values()].filter(({ inService }) => !inService).length
  assert.ok(removed.size <= 1_000, `${removed.size} were removed`)
  assert.ok(outOfService > 0 && outOfService < 40, `${outOfService} out of service`)
})

function move<T>(ids: string[], from: Map<string, T>, to: Map<string, T>): void {
  for (const id of ids) {
    const device = from.get(id)
    assert.ok(device)
    from.delete(id)
    to.set(id, device)
  }
}

test('an empty Client System fills again', () => {
  const step = planStep([], [], seededRandom(3))
  assert.ok(step.added.length >= 1)
  assert.deepEqual(
    { restored: step.restored, removed: step.removed, changed: step.changed },
    { restored: [], removed: [], changed: [] },
  )
})

test('a firmware version is followed by the next one', () => {
  assert.equal(nextFirmware('2.3.8'), '2.3.9')
  assert.equal(nextFirmware('2.3.9'), '2.4.0')
  assert.equal(nextFirmware('2.9.9'), '3.0.0')
})
