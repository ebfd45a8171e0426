import type { Context } from 'hono'
import type { Meter } from '../wire/types.ts'
import { toSpreadsheetRecord } from './csv.ts'
import { answerText } from './export.ts'

const columns = [
  ...(['id', 'externalId', 'name', 'serialNumber', 'kind', 'unit', 'location', 'ipAddress', 'port'] as const),
  ...(['active', 'removedAt', 'createdAt', 'updatedAt', 'collection', 'readingIntervalMinutes'] as const),
]
const lastReading = ['lastReadAt', 'lastQuantity', 'lastValue', 'lastUnit']

/** Meters as CSV. The attributes of each are JSON; numbers keep all their digits. */
async function* metersToCsv(pages: AsyncIterable<readonly Meter[]>): AsyncGenerator<string> {
  yield toSpreadsheetRecord([...columns, ...lastReading, 'attributes'])
  for await (const meters of pages) yield meters.map(toRecord).join('')
}

function toRecord({ lastReading: last, attributes, ...meter }: Meter): string {
  return toSpreadsheetRecord([
    ...columns.map((column) => (meter[column] === null ? null : String(meter[column]))),
    ...(last ? [last.readAt, last.quantity, toText(last.value), last.unit] : lastReading.map(() => null)),
    JSON.stringify(attributes),
  ])
}

/** A number that a double cannot hold is known by its JSON alone. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Answers with meters as a file of CSV. */
export async function answerMetersCsv(c: Context, pages: AsyncGenerator<Meter[]>): Promise<Response> {
  return await answerText(c, metersToCsv(pages), {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': 'attachment; filename="meters.csv"',
  })
}
