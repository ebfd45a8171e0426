import type pg from 'pg'
import { sqlBeside } from '../db/connect.ts'
import { transaction } from '../db/pool.ts'
import { type Device, kinds, newAddress, newDevice, newLabel, nextFirmware, pick, type Random } from './devices.ts'

/** How many meters the Client System keeps coming back to. */
export const usualCount = 500

/** Of the devices that were taken away, at most about this many are kept: from then on those that come have been before. */
const storeroom = 1_000

/** A device that is there, as far as it may change. */
type Present = Pick<Device, 'siteId' | 'kind' | 'label' | 'ip' | 'firmware' | 'inService'> & { id: string }

/** What happens at one moment; devices that are there already are named by their id. */
export type Moment = { arrive: Device[]; back: string[]; leave: string[]; change: Present[] }

/** How many meters came (some of them again), changed and went. */
export type Lived = { came: number; changed: number; went: number }

/** Lets one moment happen in the Client System: a few devices come, change and go, in one transaction. */
export async function live(clientSystem: pg.Pool, random: Random = Math.random): Promise<Lived> {
  return transaction(clientSystem, async (client) => {
    const present = await client.query<Present>(
      `select id, site_id as "siteId", kind::text, label, host(ip) as ip, firmware, in_service as "inService"
       from device where removed_at is null order by id`,
    )
    const removed = await client.query<{ id: string }>('select id from device where removed_at is not null order by id')
    const moment = nextMoment(
      present.rows,
      removed.rows.map(({ id }) => id),
      random,
    )
    const added = await addDevices(client, moment.arrive)
    await client.query('update device set removed_at = null where id = any($1)', [moment.back])
    await client.query('update device set removed_at = now() where id = any($1)', [moment.leave])
    await client.query(updateDevices, [JSON.stringify(moment.change)])
    return { came: added + moment.back.length, changed: moment.change.length, went: moment.leave.length }
  })
}

/** Adds new devices; returns how many there are of them, less those whose serial number is taken. */
export async function addDevices(client: pg.ClientBase, devices: Device[]): Promise<number> {
  const { rowCount } = await client.query(insertDevices, [JSON.stringify(devices)])
  return rowCount ?? 0
}

const insertDevices = sqlBeside(import.meta.url, 'insert-devices.sql')
const updateDevices = sqlBeside(import.meta.url, 'update-devices.sql')

/**
 * One or two come, none to two go, two to five change. The more there are the likelier they go, and the more were taken
 * away the likelier one of those comes back, so that neither the present nor the removed devices grow without end.
 */
export function nextMoment(present: Present[], removed: string[], random: Random): Moment {
  const arrivals = 1 + Math.floor(random() * 2)
  const again = Array.from({ length: arrivals }).filter(() => random() < 0.1 + removed.length / storeroom).length
  const back = sample(removed, again, random)
  const arrive = Array.from({ length: arrivals - back.length }, () => newDevice(random))

  const surplus = present.length - usualCount
  const departures = Math.round(arrivals + surplus / 8 + (random() * 3 - 1.5))
  const shuffled = sample(present, 7, random)
  const leave = shuffled.splice(0, Math.max(0, Math.min(2, departures))).map(({ id }) => id)

  const serviced = random() < 0.5 ? shuffled.splice(0, 1) : []
  const renewed = shuffled.slice(0, 2 - serviced.length + Math.floor(random() * 4))
  const chosen = new Set([...leave, ...serviced.map(({ id }) => id), ...renewed.map(({ id }) => id)])
  const resting = present.filter(({ id, inService }) => !inService && !chosen.has(id))
  const change = [
    ...serviced.map((device) => service(device, resting, random)),
    ...renewed.map((device) => renew(device, random)),
  ]
  return { arrive, back, leave, change }
}

/** Goes out of service; or, the likelier the more of them rest, one that rests comes back: about three in a hundred do. */
function service(device: Present, resting: Present[], random: Random): Present {
  if (!device.inService) return { ...device, inService: true }
  if (random() < resting.length / 30) return { ...pick(resting, random), inService: true }
  return { ...device, inService: false }
}

/** Gets another name, address or firmware. */
function renew(device: Present, random: Random): Present {
  const kind = kinds.find(({ kind }) => kind === device.kind)
  const chance = random()
  if (chance < 0.25 && kind) return { ...device, label: newLabel(kind, random) }
  if (chance < 0.5) return { ...device, ip: newAddress(device.siteId, random) }
  return { ...device, firmware: nextFirmware(device.firmware) }
}

/** Up to `count` of `choices`, each at most once. */
function sample<T>(choices: readonly T[], count: number, random: Random): T[] {
  const left = [...choices]
  const chosen: T[] = []
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return chosen
}
