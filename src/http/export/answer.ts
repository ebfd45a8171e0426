import type { Context } from 'hono'

/**
 * Answers with a text of any length, one piece at a time at the speed of the client. An error before the second piece is
 * thrown. A later one cuts the connection, so that no client takes a part of the text for the whole.
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

/** Returns true when the client already has the version that `etag` names (RFC 9110, If-None-Match). */
export function hasVersion(c: Context, etag: string): boolean {
  const known = c.req.header('if-none-match')?.split(',') ?? []
  return known.some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
}

export const csvType = 'text/csv; charset=utf-8'

/** Answers with a CSV file that a browser saves under `fileName`. */
export async function answerCsvFile(c: Context, fileName: string, pieces: AsyncGenerator<string>): Promise<Response> {
  return await answerText(c, pieces, {
    'Content-Type': csvType,
    'Content-Disposition': `attachment; filename="${fileName}"`,
  })
}
