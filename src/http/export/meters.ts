import type { Context } from 'hono'
import type { Meter } from '../../wire/types.ts'
import { toSpreadsheetRecord } from '../csv.ts'
import { answerCsvFile } from './answer.ts'

const columns = [
  ...(['id', 'externalId', 'name', 'serialNumber', 'kind', 'unit', 'location', 'ipAddress', 'port'] as const),
  ...(['active', 'removedAt', 'createdAt', 'updatedAt', 'collection', 'readingIntervalMinutes'] as const),
]
const lastReading = ['lastReadAt', 'lastQuantity', 'lastValue', 'lastUnit']

/** Yields meters as CSV. The attributes of each are JSON. Numbers keep all their digits. */
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

/** Returns the text of a value. Only JSON.stringify has all digits of a number that a double cannot hold. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Answers with meters as a CSV file. */
export async function answerMetersCsv(c: Context, pages: AsyncGenerator<Meter[]>): Promise<Response> {
  return await answerCsvFile(c, 'meters.csv', metersToCsv(pages))
}
