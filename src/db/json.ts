declare global {
  interface JSON {
    /** A value that JSON.stringify writes as this text (ECMAScript, JSON.parse source text access). */
    rawJSON(text: string): object
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  }
}

/**
 * Parses JSON of the database so that JSON.stringify gives every number back with all its digits: one that a double
 * cannot hold stays as its text.
 */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value,
  )
}

/** The same for an object, as jsonb columns of attributes and changes are. */
export function parseObject(text: string): Record<string, unknown> {
  const value = parseExactly(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
