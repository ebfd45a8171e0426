import type { Page } from '../agent.ts'

/**
 * How long a list within an answer may be, in characters of JSON: about 20,000 tokens. Assistants refuse what takes
 * much more of their memory, or forget for it what they were asked.
 */
const mostCharacters = 60_000

/**
 * A page of `limit` items as rows of an answer, or of as many of them as an assistant can take in; then `next` goes on
 * after those.
 */
export async function fittingPage<Item, Row, Read extends Page<Item, unknown>>(
  limit: number,
  toRow: (item: Item) => Row,
  read: (limit: number) => Promise<Read & Page<Item, unknown>>,
): Promise<Omit<Read, 'items'> & { items: Row[] }> {
  const page = await read(limit)
  const items = fitting(page.items.map(toRow))
  if (items.length === page.items.length) return { ...page, items }
  const shorter = await read(items.length)
  return { ...shorter, items: shorter.items.map(toRow) }
}

/** The first of the items, one at least, as far as an assistant can take them in. */
export function fitting<Item>(items: Item[]): Item[] {
  let characters = 0
  const beyond = items.findIndex((item) => {
    characters += JSON.stringify(item).length
    return characters > mostCharacters
  })
  return beyond === -1 ? items : items.slice(0, Math.max(1, beyond))
}
