import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import copyStreams from 'pg-copy-streams'

/**
 * The floor: the least that any full comparison has to do. A program of its own, started as a process of its own for
 * each measurement: it pipes the binary COPY of the meters into a temporary table of the same types and full-joins
 * that with an equal local table on the key. It checks, writes and tells nothing. Prints its milliseconds, from the
 * first statement on connections that are open to the answer of the join, and the bytes it read, as JSON.
 */
const source = new pg.Client(process.env.CLIENT_SYSTEM_URL)
const local = new pg.Client(process.env.DATABASE_URL)
await Promise.all([source.connect(), local.connect()])
// As much memory as a run's session has.
await local.query("set work_mem = '64MB'")
await local.query("set temp_buffers = '32MB'")

const started = performance.now()
await local.query('create temporary table incoming (like meter)')
const from = source.query(copyStreams.to('copy (select * from meter) to stdout (format binary)'))
let bytes = 0
from.on('data', (chunk: Buffer) => {
  bytes += chunk.length
})
await pipeline(from, local.query(copyStreams.from('copy incoming from stdin (format binary)')))
const piped = performance.now()
const { rows } = await local.query<{ count: string }>(
  'select count(*) from meter full join incoming on incoming.external_id = meter.external_id',
)
const milliseconds = Math.round(performance.now() - started)
const reading = Math.round(piped - started)
process.stdout.write(JSON.stringify({ milliseconds, reading, bytes, rows: Number(rows[0]?.count) }))
await Promise.all([source.end(), local.end()])
