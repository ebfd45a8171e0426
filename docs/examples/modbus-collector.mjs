// Reads meters by Modbus TCP and posts their readings, as collectors.md says. After `npm install modbus-serial`:
//   AGENT_URL=https://meters.example TOKEN=… INTERVAL_SECONDS=60 node modbus-collector.mjs
import { env } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import Modbus from 'modbus-serial'

const headers = { Authorization: `Bearer ${env.TOKEN}`, 'Content-Type': 'application/json' }
const unsent = []
let known = { etag: '', devices: [] }

async function fetchDevices() {
  const answer = await fetch(`${env.AGENT_URL}/api/targets`, { headers: { ...headers, 'If-None-Match': known.etag } })
  if (answer.status === 304) return
  if (!answer.ok) throw new Error(await answer.text())
  const targets = (await answer.json()).targets.filter(({ ipAddress, attributes }) => ipAddress && attributes.modbus)
  const byAddress = Object.groupBy(targets, ({ ipAddress, port }) => `${ipAddress} ${port}`)
  known = { etag: answer.headers.get('ETag'), devices: Object.values(byAddress) }
}

async function readDevice(meters) {
  const connection = new Modbus()
  try {
    await connection.connectTCP(meters[0].ipAddress, { port: meters[0].port ?? 502 })
    connection.setTimeout(3_000)
    for (const { externalId, attributes } of meters) {
      connection.setID(attributes.modbus.unit)
      for (const { quantity, address, type, divisor = 1, unit } of attributes.modbus.registers) {
        const { buffer } = await connection.readHoldingRegisters(address, type.endsWith('16') ? 1 : 2)
        const value = buffer[`read${type}BE`]() / divisor
        unsent.push({ externalId, quantity, value, unit, readAt: new Date().toISOString() })
      }
    }
  } catch (error) {
    console.error(`${meters[0].ipAddress} cannot be read: ${error.message}`)
  }
  connection.close(() => undefined)
}

async function send(batch) {
  const answer = await fetch(`${env.AGENT_URL}/api/readings`, { method: 'POST', headers, body: JSON.stringify(batch) })
  if (!answer.ok) throw new Error(await answer.text())
  for (const reading of (await answer.json()).rejected) console.error(reading)
  unsent.splice(0, batch.length)
}

async function collect() {
  const next = pause((env.INTERVAL_SECONDS ?? 60) * 1_000)
  await fetchDevices().catch((error) => console.error(`The targets cannot be fetched: ${error.message}`))
  await Promise.all(known.devices.map(readDevice))
  next.then(collect)
}
collect()
// What fails is sent again, later each time. A reading that was stored although its answer was lost is a duplicate.
for (let waitMs = 1_000; ; await pause(waitMs)) {
  const batch = unsent.slice(0, 10_000)
  const failure = batch.length > 0 && (await send(batch).catch((error) => error))
  if (failure) console.error(`The readings cannot be sent: ${failure.message}`)
  waitMs = failure ? Math.min(waitMs * 2, 60_000) : 1_000
}
