import { openSource } from '../../src/mirror/source/connection.ts'
import { describeMeters } from '../../src/mirror/source/describe.ts'
import { clientSystemOf } from './configuration.ts'
import type { World } from './world.ts'

type Row = { external_id: string; name: string; port: string | null; active: string; attributes: string }

/** Returns the result of `query` at the Client System, column by column as a run would stage it. */
export async function readStaged(world: World, query: string, url?: string): Promise<Row[]> {
  const clientSystem = clientSystemOf(world.environment(url === undefined ? {} : { CLIENT_SYSTEM_URL: url }))
  await using source = await openSource(clientSystem, new AbortController().signal)
  const { projection } = await describeMeters(source, query, 0n)
  const { rows } = await source.query<Row & Partial<Record<'id_hash' | 'row_hash', string>>>(projection.select())
  return rows.map(({ id_hash: _id, row_hash: _row, ...row }) => row)
}
