import type pg from 'pg'
import { sqlBeside } from '../db/sql-file.ts'
import { transaction } from '../db/transaction.ts'
import { type Device, newAddress, newDevice, newLabel, nextFirmware } from './devices.ts'
import { kinds } from './kinds.ts'
import { pick, type Random, sample } from './random.ts'

/** The number of devices around which the simulation varies. */
export const usualDevices = 500

/** About this many devices stay removed. With more, an added device is one that was removed before. */
const maxRemovedDevices = 1_000

/** An installed device, with the values that can change. */
type Installed = Pick<Device, 'siteId' | 'kind' | 'label' | 'ip' | 'firmware' | 'inService'> & { id: string }

/** The changes of one step: new devices, the ids of devices that are restored and removed, and devices with new values. */
export type Step = { added: Device[]; restored: string[]; removed: string[]; changed: Installed[] }

/** The numbers of meters that were added (also restored ones), changed and removed. */
export type StepCounts = { added: number; changed: number; removed: number }

/** Changes the Client System by one step, in one transaction: a few devices are added, changed and removed. */
export async function simulateChanges(clientSystem: pg.Pool, random: Random = Math.random): Promise<StepCounts> {
  return transaction(clientSystem, async (client) => {
    const installed = await client.query<Installed>(
      `select id, site_id as "siteId", kind::text, label, host(ip) as ip, firmware, in_service as "inService"
       from device where removed_at is null order by id`,
    )
    const removed = await client.query<{ id: string }>('select id from device where removed_at is not null order by id')
    const step = planStep(
      installed.rows,
      removed.rows.map(({ id }) => id),
      random,
    )
    const added = await addDevices(client, step.added)
    await client.query('update device set removed_at = null where id = any($1)', [step.restored])
    await client.query('update device set removed_at = now() where id = any($1)', [step.removed])
    await client.query(updateDevices, [JSON.stringify(step.changed)])
    return { added: added + step.restored.length, changed: step.changed.length, removed: step.removed.length }
  })
}

/** Adds devices and returns their number. A device whose serial number exists already is left out. */
export async function addDevices(client: pg.ClientBase, devices: Device[]): Promise<number> {
  const { rowCount } = await client.query(insertDevices, [JSON.stringify(devices)])
  return rowCount ?? 0
}

const insertDevices = sqlBeside(import.meta.url, 'insert-devices.sql')
const updateDevices = sqlBeside(import.meta.url, 'update-devices.sql')

/**
 * Plans a step: one or two devices are added, none to two removed, and two to five changed. Removals become more likely the
 * more devices are installed, and restorations the more are removed, so that neither number grows without limit.
 */
export function planStep(installed: Installed[], removedIds: string[], random: Random): Step {
  const additions = 1 + Math.floor(random() * 2)
  const restorations = Array.from({ length: additions }).filter(
    () => random() < 0.1 + removedIds.length / maxRemovedDevices,
  ).length
  const restored = sample(removedIds, restorations, random)
  const added = Array.from({ length: additions - restored.length }, () => newDevice(random))

  const surplus = installed.length - usualDevices
  const removals = Math.round(additions + surplus / 8 + (random() * 3 - 1.5))
  const shuffled = sample(installed, 7, random)
  const removed = shuffled.splice(0, Math.max(0, Math.min(2, removals))).map(({ id }) => id)

  const switched = random() < 0.5 ? shuffled.splice(0, 1) : []
  const updated = shuffled.slice(0, 2 - switched.length + Math.floor(random() * 4))
  const chosen = new Set([...removed, ...switched.map(({ id }) => id), ...updated.map(({ id }) => id)])
  const outOfService = installed.filter(({ id, inService }) => !inService && !chosen.has(id))
  const changed = [
    ...switched.map((device) => switchService(device, outOfService, random)),
    ...updated.map((device) => changeDevice(device, random)),
  ]
  return { added, restored, removed, changed }
}

/**
 * Takes a device out of service, or puts another one into service. The second is more likely the more are out of service,
 * so that these stay at about three in a hundred.
 */
function switchService(device: Installed, outOfService: Installed[], random: Random): Installed {
  if (!device.inService) return { ...device, inService: true }
  if (random() < outOfService.length / 30) return { ...pick(outOfService, random), inService: true }
  return { ...device, inService: false }
}

/** Changes the label, the address or the firmware of a device. */
function changeDevice(device: Installed, random: Random): Installed {
  const kind = kinds.find(({ kind }) => kind === device.kind)
  const chance = random()
  if (chance < 0.25 && kind) return { ...device, label: newLabel(kind, random) }
  if (chance < 0.5) return { ...device, ip: newAddress(device.siteId, random) }
  return { ...device, firmware: nextFirmware(device.firmware) }
}
