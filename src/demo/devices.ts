import { type Kind, kinds } from './kinds.ts'
import { pick, type Random, seededRandom } from './random.ts'

export type Site = { id: number; name: string; street: string; city: string }

/** A device as the demonstration's Client System stores it. `commissionedAt` null means today. */
export type Device = {
  siteId: number
  serialNumber: string
  label: string
  kind: string
  unit: string
  ip: string
  port: number
  manufacturer: string
  model: string
  firmware: string
  multiplier: number
  commissionedAt: string | null
  inService: boolean
}

const siteRows = [
  ['Town Hall', '1 Market Square', 'Eastmere'],
  ['Central Library', '14 Market Square', 'Eastmere'],
  ['Riverside School', '52 Quay Street', 'Eastmere'],
  ['Eastmere Hospital, North Wing', '3 Linden Avenue', 'Eastmere'],
  ['Eastmere Hospital, South Wing', '5 Linden Avenue', 'Eastmere'],
  ['Indoor Swimming Pool', '8 Bathhouse Lane', 'Eastmere'],
  ['Fire Station', '27 Signal Road', 'Eastmere'],
  ['Tram Depot', '90 Signal Road', 'Eastmere'],
  ['Harbour Waterworks', '2 Pier Road', 'Westhaven'],
  ['Fish Market', '11 Pier Road', 'Westhaven'],
  ['Cold Store', '19 Pier Road', 'Westhaven'],
  ['Ferry Terminal', '1 Ferry Quay', 'Westhaven'],
  ['Westhaven Secondary School', '33 Hill Street', 'Westhaven'],
  ['Sports Centre', '40 Hill Street', 'Westhaven'],
  ['Technical College, Building A', '6 College Way', 'Northbrook'],
  ['Technical College, Building B', '8 College Way', 'Northbrook'],
  ['Student Residence', '12 College Way', 'Northbrook'],
  ['Data Centre', '71 Ring Road', 'Northbrook'],
  ['Printing Works', '75 Ring Road', 'Northbrook'],
  ['Dairy', '4 Meadow Lane', 'Northbrook'],
  ['Bakery', '16 Mill Street', 'Southfield'],
  ['Retirement Home', '22 Orchard Street', 'Southfield'],
  ['Sewage Treatment Plant', '1 Lower Dyke', 'Southfield'],
  ['Shopping Arcade', '60 Station Road', 'Southfield'],
  ['Railway Station', '1 Station Road', 'Southfield'],
] as const

export const sites: readonly Site[] = siteRows.map(([name, street, city], at) => ({ id: at + 1, name, street, city }))

/** Returns the first devices of the Client System. They are the same on every machine, because the seed is fixed. */
export function firstDevices(count: number): Device[] {
  const random = seededRandom(20_240_229)
  return Array.from({ length: count }, () => {
    const year = 2_009 + Math.floor(random() * 16)
    const month = String(1 + Math.floor(random() * 12)).padStart(2, '0')
    const day = String(1 + Math.floor(random() * 28)).padStart(2, '0')
    return { ...newDevice(random), commissionedAt: `${year}-${month}-${day}`, inService: random() > 0.03 }
  })
}

/** Returns a random device as it is on the day of its installation. */
export function newDevice(random: Random): Device {
  const kind = pickKind(random)
  const make = pick(kind.makes, random)
  const site = pick(sites, random)
  return {
    siteId: site.id,
    serialNumber: `${make.manufacturer.slice(0, 2).toUpperCase()}${String(Math.floor(random() * 1e8)).padStart(8, '0')}`,
    label: newLabel(kind, random),
    kind: kind.kind,
    unit: kind.unit,
    ip: newAddress(site.id, random),
    port: make.port,
    manufacturer: make.manufacturer,
    model: make.model,
    firmware: `${1 + Math.floor(random() * 4)}.${Math.floor(random() * 10)}.${Math.floor(random() * 10)}`,
    multiplier: pick(kind.multipliers, random),
    commissionedAt: null,
    inService: true,
  }
}

/** Returns a random label for a device of a kind. */
export function newLabel(kind: Kind, random: Random): string {
  return `${pick(kind.places, random)} ${1 + Math.floor(random() * 9)}`
}

/** Returns a random address in the network of a site. */
export function newAddress(siteId: number, random: Random): string {
  return `10.20.${siteId}.${10 + Math.floor(random() * 240)}`
}

/** Returns the version after `firmware`: 2.3.9 is followed by 2.4.0. */
export function nextFirmware(firmware: string): string {
  const next = Number(firmware.replaceAll('.', '')) + 1
  return `${Math.floor(next / 100)}.${Math.floor(next / 10) % 10}.${next % 10}`
}

function pickKind(random: Random): Kind {
  const byShare = kinds.flatMap((kind) => Array<Kind>(kind.share).fill(kind))
  return pick(byShare, random)
}
