import type { Page } from '../agent.ts'

/**
 * How long a list within an answer may be, in characters of JSON: about 20,000 tokens. Assistants refuse what takes
 * much more of their memory, or forget for it what they were asked.
 */
const mostCharacters = 60_000

/** A page of `limit` items, or of as many of them as an assistant can take in; then `next` goes on after those. */
export async function fittingPage<Item, Next>(
  limit: number,
  read: (limit: number) => Promise<Page<Item, Next>>,
): Promise<Page<Item, Next>> {
  const page = await read(limit)
  const { length } = fitting(page.items)
  return length === page.items.length ? page : await read(length)
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
