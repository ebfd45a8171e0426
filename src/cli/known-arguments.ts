/** Commands and options that other programs use for the same purpose. */
const synonyms = new Map([
  ['dry-run', 'sync --preview'],
  ['dryrun', 'sync --preview'],
  ['simulate', 'sync --preview'],
  ['validate', 'check'],
  ['check-config', 'check'],
  ['test', 'check'],
  ['start', 'serve'],
  ['run', 'serve'],
  ['stop', 'cancel'],
])

type Known = { commands: readonly string[]; options: readonly string[] }

/** Throws an Error for a command or an option that does not exist, with a suggestion when a similar one exists. */
export function requireKnown(args: readonly string[], { commands, options }: Known): void {
  const [first] = args
  if (first !== undefined && !first.startsWith('-') && !commands.includes(first)) {
    throw new Error(`Unknown command: ${args.join(' ')}${suggest(synonyms.get(first) ?? closest(first, commands))}`)
  }
  for (const arg of args) {
    if (/^-[^-]/.test(arg)) throw new Error(`Unknown option: ${arg}`)
    const option = /^--([^=]+)/.exec(arg)?.[1]
    if (option === undefined || options.includes(option)) continue
    const near = closest(option, options)
    throw new Error(`Unknown option: --${option}${suggest(synonyms.get(option) ?? (near && `--${near}`))}`)
  }
}

function suggest(meant: string | undefined): string {
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

/** Returns the name that begins with the given text, or that differs from it by one or two letters. */
function closest(given: string, names: readonly string[]): string | undefined {
  return (
    names.find((name) => given.length > 2 && name.startsWith(given)) ??
    names.find((name) => distance(given, name) <= Math.min(2, given.length / 3))
  )
}

/** Returns how many letters must be added, removed or replaced to get from one word to the other. */
function distance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [row, letter] of [...one].entries()) {
    const line = [row + 1]
    for (let at = 0; at < other.length; at++) {
      const replaced = (above[at] ?? 0) + (letter === other[at] ? 0 : 1)
      line.push(Math.min(replaced, (above[at + 1] ?? 0) + 1, (line[at] ?? 0) + 1))
    }
    above = line
  }
  return above.at(-1) ?? 0
}
