import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { ConfigError, errorCode, errorMessage } from '../lib/errors.ts'

type Environment = Record<string, string | undefined>

/** Variables whose value may come from a file that the variable `NAME_FILE` names. */
const fileable = [
  'DATABASE_URL',
  'CLIENT_SYSTEM_URL',
  'CLIENT_SYSTEM_QUERY',
  'AUTH_TOKEN',
  'WEBHOOK_URL',
  'WEBHOOK_SECRET',
] as const

/**
 * Returns the environment with every `NAME_FILE` read. Empty values count as not set. Throws ConfigError when a file cannot
 * be read.
 */
export function readFiles(environment: Environment): Environment {
  const merged = { ...environment }
  const faults: string[] = []
  for (const name of fileable) {
    const file = merged[`${name}_FILE`]
    if (!file) continue
    if (merged[name]) faults.push(`${name}: expected either ${name} or ${name}_FILE, both are set`)
    try {
      merged[name] = readFileSync(file, 'utf8').trim()
      if (merged[name] === '') faults.push(`${name}_FILE: the file is empty; expected the value of ${name} in it`)
    } catch (error) {
      faults.push(`${name}_FILE: cannot be read: ${errorMessage(error)}`)
    }
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined && value !== ''))
}

/** Returns the variables of the `.env` in the working directory; none where there is no such file. */
export function readDotEnv(): Environment {
  let text: string
  try {
    text = readFileSync('.env', 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {}
    throw new ConfigError([`.env: cannot be read: ${errorMessage(error)}`])
  }
  const faults = [...findCutValues(text)].map(
    (name) =>
      `.env: the value of ${name} has the quote in it that it stands in; put it in the other quotes, or into a file that ${name}_FILE names`,
  )
  if (faults.length > 0) throw new ConfigError(faults)
  return parseEnv(text)
}

/**
 * Finds the variables whose value ends at a quote with more text behind it, as `"select "id" …"` does: what follows would be
 * lost without a word.
 */
function* findCutValues(text: string): Generator<string> {
  const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(["'`])/gm
  for (let found = assignment.exec(text); found; found = assignment.exec(text)) {
    const [, name = '', quote = ''] = found
    const end = text.indexOf(quote, assignment.lastIndex)
    if (end === -1) continue
    const rest = /.*/.exec(text.slice(end + 1))?.[0] ?? ''
    if (!/^\s*(#.*)?$/.test(rest)) yield name
    assignment.lastIndex = end + 1 + rest.length
  }
}
