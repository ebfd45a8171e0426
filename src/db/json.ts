declare global {
  interface JSON {
    /** Returns a value that JSON.stringify writes as this text (ECMAScript, JSON.parse source text access). */
    rawJSON(text: string): object
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  }
}

/** The maximum depth of arrays and objects. The reviver and JSON.stringify recurse, and the stack ends at a few thousand. */
const maxDepth = 1_000

/**
 * Parses the JSON of an object, such as the attributes of a meter, and keeps all digits of its numbers. An object that is
 * nested too deeply is returned as the beginning of its text; a run no longer stores such objects.
 */
export function parseObject(text: string): Record<string, unknown> {
  if (isDeeperThan(maxDepth, text)) return { 'nested too deeply to show': text.slice(0, 1_000) }
  const value = parseExactly(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/**
 * Parses JSON so that JSON.stringify writes every number with all its digits. A number that a double cannot represent is
 * kept as its text.
 */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value,
  )
}

/** Returns true when arrays and objects are nested more than `levels` deep. The text must be valid JSON. */
function isDeeperThan(levels: number, json: string): boolean {
  if (json.length <= 2 * levels) return false
  let depth = 0
  let inString = false
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (inString) {
      if (character === '\\') at++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') {
      if (++depth > levels) return true
    } else if (character === '}' || character === ']') depth--
  }
  return false
}
