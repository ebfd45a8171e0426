/** Makes texts from databases, clients and errors safe to print (F27). */

/**
 * Matches control characters, bidirectional ones included, and line separators. They could control a terminal, or make a
 * line appear in another order.
 */
const unsafeCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Replaces each unsafe character by its code, such as `\u{9b}`; characters in `except` stay. */
export function toPrintable(text: string, except = ''): string {
  return text.replace(unsafeCharacters, (character) =>
    except.includes(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** Returns a value as JSON in which unsafe characters are escaped, so that a parser still reads the same value. */
export function toPrintableJson(value: unknown): string {
  return JSON.stringify(value).replace(unsafeCharacters, (character) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}
