/** Returns the LIKE pattern for texts that contain a word. */
export function toPattern(word: string): string {
  return `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
}

/**
 * What can follow a pair: letters and digits, and what stands between words. The planner searches the index for a set of at
 * most 256 characters, all of them before U+0800, so there are two sets, without Chinese letters and long dashes.
 */
const letters = 'a-z0-9ß-ÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżžα-ωά-ώа-џ'
const breaks = '\\t\\n -/:-@[-`{-~\u00a0«°·»'

const pair = new RegExp(`^[${letters}]{2}$`, 'iu')

/** Returns true for a word of two letters or digits. The index, which has groups of three characters, cannot be searched for it. */
export const isPair = (word: string) => pair.test(word)

/**
 * Returns the condition that `listed.words` contains a pair. It names the third character, so that the index can be searched
 * for each such group. `addFolded` adds the value of a parameter and returns its expression.
 */
export function containsPair(word: string, addFolded: (text: string) => string): string {
  const followed = addFolded(`${word}([${breaks}]|[${letters}])`)
  return `(listed.words ~ ${followed} or listed.words like ${addFolded(`%${word}`)})`
}
