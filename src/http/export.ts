import type { Context } from 'hono'
import type { ReadingRow, TargetRow } from '../agent.ts'
import { toCsvRecord, toSpreadsheetRecord } from './csv.ts'

const readingColumns = ['clientSystemId', 'externalId', 'quantity', 'value', 'unit', 'readAt']

/** Readings as CSV, in the columns that POST /api/readings takes. */
async function* readingsToCsv(
  clientSystemId: string,
  pages: AsyncIterable<readonly ReadingRow[]>,
): AsyncGenerator<string> {
  yield toSpreadsheetRecord(readingColumns)
  for await (const rows of pages) {
    yield rows
      .map(({ externalId, quantity, value, unit, readAt }) =>
        toSpreadsheetRecord([clientSystemId, externalId, quantity, value, unit, readAt]),
      )
      .join('')
  }
}

const targetColumns = [
  ...(['meterId', 'externalId', 'name', 'serialNumber', 'kind', 'unit', 'location', 'ipAddress', 'port'] as const),
  ...(['readingIntervalMinutes', 'attributes'] as const),
]

/** Targets as CSV, for programs: every text is exact. The attributes of each are JSON. */
export async function* targetsToCsv(pages: AsyncIterable<readonly TargetRow[]>): AsyncGenerator<string> {
  yield toCsvRecord(targetColumns)
  for await (const rows of pages) {
    yield rows.map((row) => toCsvRecord(targetColumns.map((column) => row[column]))).join('')
  }
}

export function targetsToJson(pages: AsyncIterable<readonly TargetRow[]>): AsyncGenerator<string> {
  // The attributes are JSON already; a parser would lose digits of their numbers.
  const toText = ({ attributes, ...row }: TargetRow) =>
    `${JSON.stringify(row).slice(0, -1)},"attributes":${attributes}}`
  return toJsonList(pages, toText, { begin: '{"targets":[', end: ']}' })
}

/** Targets as HTTP service discovery of Prometheus takes them: one group for each meter that has an address. */
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

/**
 * Answers with a text of any length, a piece at a time as the client takes it. What fails before the second piece is an
 * answer of its own; later the connection is cut, so that no client takes the part for the whole.
 */
export async function answerText(
  c: Context,
  pieces: AsyncGenerator<string>,
  headers: Record<string, string>,
): Promise<Response> {
  const first = await pieces.next()
  const second = first.done ? first : await pieces.next()
  const encoder = new TextEncoder()
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      if (!first.done) yield encoder.encode(first.value)
      if (!second.done) yield encoder.encode(second.value)
      for await (const piece of pieces) yield encoder.encode(piece)
    } finally {
      await pieces.return(undefined)
    }
  }
  return c.body(ReadableStream.from(bytes()), 200, headers)
}

/** True when the client has this version already (RFC 9110, If-None-Match). */
export function isKnown(c: Context, etag: string): boolean {
  const known = c.req.header('if-none-match')?.split(',') ?? []
  return known.some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
}

/** Readings of one Client System as a file of CSV. */
export async function answerReadingsCsv(
  c: Context,
  { clientSystemId, pages }: { clientSystemId: string; pages: AsyncIterable<readonly ReadingRow[]> },
): Promise<Response> {
  return await answerText(c, readingsToCsv(clientSystemId, pages), {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': 'attachment; filename="readings.csv"',
  })
}
