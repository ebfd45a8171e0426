import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { ConfigError, errorCode, errorMessage } from '../lib/errors.ts'

/** Environment variables by name. */
export type Environment = Record<string, string | undefined>

/** Variables whose value can also be read from the file that the variable `NAME_FILE` names. */
const readableFromFile = [
  'DATABASE_URL',
  'CLIENT_SYSTEM_URL',
  'CLIENT_SYSTEM_QUERY',
  'AUTH_TOKEN',
  'WEBHOOK_URL',
  'WEBHOOK_SECRET',
] as const

/**
 * Returns the environment with the content of every `NAME_FILE` file. Empty values are removed. Throws ConfigError when a
 * file cannot be read.
 */
export function readFiles(environment: Environment): Environment {
  const merged = { ...environment }
  const errors: string[] = []
  for (const name of readableFromFile) {
    const file = merged[`${name}_FILE`]
    if (!file) continue
    if (merged[name]) errors.push(`${name}: expected either ${name} or ${name}_FILE, but both are set`)
    try {
      merged[name] = readFileSync(file, 'utf8').trim()
      if (merged[name] === '') errors.push(`${name}_FILE: the file is empty; expected the value of ${name} in it`)
    } catch (error) {
      errors.push(`${name}_FILE: cannot be read: ${errorMessage(error)}`)
    }
  }
  if (errors.length > 0) throw new ConfigError(errors)
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined && value !== ''))
}

/** Returns the variables of `.env` in the working directory; an empty object when there is no such file. */
export function readDotEnv(): Environment {
  let text: string
  try {
    text = readFileSync('.env', 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {}
    throw new ConfigError([`.env: cannot be read: ${errorMessage(error)}`])
  }
  const errors = [...findCutValues(text)].map(
    (name) =>
      `.env: the value of ${name} contains its own quote character; enclose it in the other quotes, or put it in a file and name that in ${name}_FILE`,
  )
  if (errors.length > 0) throw new ConfigError(errors)
  return parseEnv(text)
}

/**
 * Yields the variables whose quoted value is followed by more text on its line, such as `"select "id" …"`. The parser of
 * Node.js would drop that text silently.
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
