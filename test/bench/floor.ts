import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import copyStreams from 'pg-copy-streams'

/**
 * The floor: the naive way with two clients, which checks, records and reports nothing. It pipes the binary COPY of the
 * meters into a temporary table and then, as `compare`, full-joins that with an equal local table and compares every
 * value, or, as `load`, inserts it into an empty table of the same columns with two indexes. A process of its own for each
 * measurement. Prints its milliseconds, from the first statement on connections that are open to the last answer, and
 * the bytes it read, as JSON.
 */
const task = process.argv[2]
const source = new pg.Client(process.env.CLIENT_SYSTEM_URL)
const local = new pg.Client(process.env.DATABASE_URL)
await Promise.all([source.connect(), local.connect()])
await local.query("set work_mem = '64MB'")
await local.query("set temp_buffers = '32MB'")
await local.query('drop table if exists loaded')
await local.query(
  'create table loaded (like meter, id bigint generated always as identity primary key, unique (external_id))',
)

const answers = {
  compare: `
    select count(*)::int as rows, count(*) filter (where meter is distinct from incoming)::int as different
    from meter
    full join incoming on incoming.external_id = meter.external_id`,
  load: 'insert into loaded select * from incoming',
}

const started = performance.now()
await local.query('create temporary table incoming (like meter)')
const from = source.query(copyStreams.to('copy (select * from meter) to stdout (format binary)'))
let bytes = 0
from.on('data', (chunk: Buffer) => {
  bytes += chunk.length
})
await pipeline(from, local.query(copyStreams.from('copy incoming from stdin (format binary)')))
const piped = performance.now()
const { rows, rowCount } = await local.query<{ rows: number }>(task === 'load' ? answers.load : answers.compare)
const milliseconds = Math.round(performance.now() - started)
const reading = Math.round(piped - started)
process.stdout.write(JSON.stringify({ milliseconds, reading, bytes, rows: rows[0]?.rows ?? rowCount }))
await local.query('drop table loaded')
await Promise.all([source.end(), local.end()])
