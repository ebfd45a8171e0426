import type { TargetRow } from '../../agent.ts'
import { toCsvRecord } from '../csv.ts'

const targetColumns = [
  ...(['meterId', 'externalId', 'name', 'serialNumber', 'kind', 'unit', 'location', 'ipAddress', 'port'] as const),
  ...(['readingIntervalMinutes', 'attributes'] as const),
]

/** Yields targets as CSV for programs, so every text is exact. The attributes of each are JSON. */
export async function* targetsToCsv(pages: AsyncIterable<readonly TargetRow[]>): AsyncGenerator<string> {
  yield toCsvRecord(targetColumns)
  for await (const rows of pages) {
    yield rows.map((row) => toCsvRecord(targetColumns.map((column) => row[column]))).join('')
  }
}

/** Yields targets as a JSON object with the list `targets`. */
export function targetsToJson(pages: AsyncIterable<readonly TargetRow[]>): AsyncGenerator<string> {
  // The attributes are already JSON text, and parsing them would lose digits of their numbers.
  const toText = ({ attributes, ...row }: TargetRow) =>
    `${JSON.stringify(row).slice(0, -1)},"attributes":${attributes}}`
  return toJsonList(pages, toText, { begin: '{"targets":[', end: ']}' })
}

/** Yields targets in the format of Prometheus HTTP service discovery: one group for each meter that has an address. */
export function targetsToPrometheus(pages: AsyncIterable<readonly TargetRow[]>): AsyncGenerator<string> {
  const toText = (row: TargetRow) => {
    if (row.ipAddress === null) return null
    const host = row.ipAddress.includes(':') ? `[${row.ipAddress}]` : row.ipAddress
    return JSON.stringify({ targets: [row.port === null ? host : `${host}:${row.port}`], labels: labelsOf(row) })
  }
  return toJsonList(pages, toText, { begin: '[', end: ']' })
}

function labelsOf({ attributes, ...row }: TargetRow): Record<string, string> {
  const own: [string, unknown][] = [
    ['id', row.meterId],
    ['external_id', row.externalId],
    ['name', row.name],
    ['serial_number', row.serialNumber],
    ['kind', row.kind],
    ['unit', row.unit],
    ['location', row.location],
    ['reading_interval_minutes', row.readingIntervalMinutes],
  ]
  const parsed: Record<string, unknown> = JSON.parse(attributes)
  const others = Object.entries(parsed).map(([name, value]): [string, unknown] => [
    `attribute_${name.replace(/\W/g, '_')}`,
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  ])
  const labels = [...own, ...others].filter(([, value]) => value !== null)
  return Object.fromEntries(labels.map(([name, value]) => [`__meta_meter_${name}`, String(value)]))
}

async function* toJsonList<Row>(
  pages: AsyncIterable<readonly Row[]>,
  toText: (row: Row) => string | null,
  { begin, end }: { begin: string; end: string },
): AsyncGenerator<string> {
  let separator = begin
  for await (const rows of pages) {
    const texts = rows.map(toText).filter((text) => text !== null)
    if (texts.length === 0) continue
    yield `${separator}${texts.join(',')}`
    separator = ','
  }
  yield separator === begin ? `${begin}${end}` : end
}
