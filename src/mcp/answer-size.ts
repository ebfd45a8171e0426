import type { Page } from '../agent.ts'

/**
 * The maximum length of a list in an answer, in characters of JSON: about 20,000 tokens. Assistants refuse longer answers,
 * or drop earlier parts of the conversation for them.
 */
const maxCharacters = 60_000

/**
 * Reads a page of at most `limit` items and returns them as rows. Where the rows are too long for one answer, the page is
 * shorter and `next` continues after its last row.
 */
export async function readPageThatFits<Item, Row, Read extends Page<Item, unknown>>(
  limit: number,
  toRow: (item: Item) => Row,
  read: (limit: number) => Promise<Read & Page<Item, unknown>>,
): Promise<Omit<Read, 'items'> & { items: Row[] }> {
  const page = await read(limit)
  const items = firstThatFit(page.items.map(toRow))
  if (items.length === page.items.length) return { ...page, items }
  const shorter = await read(items.length)
  return { ...shorter, items: shorter.items.map(toRow) }
}

/** Returns as many of the first items as fit into one answer, but at least one. */
export function firstThatFit<Item>(items: Item[]): Item[] {
  let characters = 0
  const beyond = items.findIndex((item) => {
    characters += JSON.stringify(item).length
    return characters > maxCharacters
  })
  return beyond === -1 ? items : items.slice(0, Math.max(1, beyond))
}
