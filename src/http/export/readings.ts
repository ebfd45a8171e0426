import type { Context } from 'hono'
import type { ReadingRow } from '../../agent.ts'
import { toSpreadsheetRecord } from '../csv.ts'
import { answerCsvFile } from './answer.ts'

const readingColumns = ['clientSystemId', 'externalId', 'quantity', 'value', 'unit', 'readAt']

/** Yields readings as CSV, in the columns that POST /api/readings takes. */
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

/** Answers with the readings of one Client System as a CSV file. */
export async function answerReadingsCsv(
  c: Context,
  { clientSystemId, pages }: { clientSystemId: string; pages: AsyncIterable<readonly ReadingRow[]> },
): Promise<Response> {
  return await answerCsvFile(c, 'readings.csv', readingsToCsv(clientSystemId, pages))
}
