/**
 * SQL expressions by which meters are found and sorted. With ICU (`icu`) case is folded in every script; without it, as
 * the database's own collation does.
 */
export type Keys = {
  /** Folds the case of a text. */
  fold: (text: string) => string
  /** The key of a text in natural order: without case and accents, and numbers by their value, so that 2 precedes 10. */
  sortKey: (text: string) => string
}

/** A key is part of an index entry, which holds 2,704 bytes: it is made of the beginning of a text. */
const sortedCharacters = 80

/** Numbers up to this length are compared by their value. */
const sortedDigits = 20

export function createKeys(icu: boolean): Keys {
  // The result has the collation C in every branch: others would conflict.
  const inAscii = (text: string) => `lower(${text} collate "C")`
  const inUnicode = (text: string) => `(lower(${text}${icu ? ' collate "und-x-icu"' : ''}) collate "C")`
  // Most texts are ASCII, and are folded three times as fast without ICU.
  const isAscii = (text: string) => `octet_length(${text}) = char_length(${text})`
  return {
    fold: (text) => `case when ${isAscii(text)} then ${inAscii(text)} else replace(${inUnicode(text)}, 'ς', 'σ') end`,
    sortKey: (text) => {
      const start = `left(${text}, ${sortedCharacters})`
      const plain = `case when ${isAscii(text)} then ${inAscii(start)}
        else regexp_replace(normalize(${inUnicode(start)}, NFKD), '[\u0300-\u036f]', '', 'g') end`
      const padded = `regexp_replace(${plain}, '[0-9]+', '${'0'.repeat(sortedDigits - 1)}\\&', 'g')`
      return `regexp_replace(${padded}, '0*([0-9]{${sortedDigits},})', '\\1', 'g')`
    },
  }
}
