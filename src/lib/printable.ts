/** Texts from databases, clients and errors as they may be printed (F27). */

/**
 * Control characters, the bidirectional ones among them, and line separators: they could steer a terminal, or show a line
 * in another order than it has.
 */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The text with each steering character as its code, `\u{9b}`; those in `except` stay. */
export function toPrintable(text: string, except = ''): string {
  return text.replace(steering, (character) =>
    except.includes(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** The value as JSON that holds no steering character: they stand escaped, and a parser reads the same value. */
export function toPrintableJson(value: unknown): string {
  return JSON.stringify(value).replace(steering, (character) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}
