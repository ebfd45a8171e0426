import { AgentError } from '../../lib/errors.ts'

/** A token of SQL: its kind, its text, and where it begins. */
type Token = { kind: 'space' | 'comment' | 'quoted' | 'placeholder' | 'semicolon' | 'other'; text: string; at: number }

/** Matches one token. A word is one token, so that `a$1` is a name. */
const pattern = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<comment>--[^\n\r]*|/\*)`,
    String.raw`(?<quoted>[eE]'(?:[^'\\]|\\[\s\S]|'')*'|(?:[uU]&)?'(?:[^']|'')*'|(?:[uU]&)?"(?:[^"]|"")*"|\$(?<tag>[\p{L}_][\p{L}\p{N}_]*)?\$)`,
    String.raw`(?<placeholder>\$\d+)`,
    '(?<semicolon>;)',
    String.raw`(?<other>[\p{L}_][\p{L}\p{N}_$]*|[\s\S])`,
  ].join('|'),
  'uy',
)

function* tokens(sql: string): Generator<Token> {
  for (let at = 0; at < sql.length; ) {
    pattern.lastIndex = at
    const groups = pattern.exec(sql)?.groups ?? {}
    const end =
      groups.comment === '/*' ? endOfComment(sql, at) : (endOfDollarQuote(sql, at, groups.quoted) ?? pattern.lastIndex)
    yield { kind: kindOf(groups), text: sql.slice(at, end), at }
    at = end
  }
}

function kindOf(groups: Record<string, string | undefined>): Token['kind'] {
  for (const kind of ['space', 'comment', 'quoted', 'placeholder', 'semicolon'] as const) {
    if (groups[kind] !== undefined) return kind
  }
  return 'other'
}

/** Comments in `/*` nest. */
function endOfComment(sql: string, at: number): number {
  let depth = 0
  for (const { 0: mark, index } of sql.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += mark === '/*' ? 1 : -1
    if (depth === 0) return at + index + 2
  }
  return sql.length
}

function endOfDollarQuote(sql: string, at: number, quoted: string | undefined): number | null {
  if (!quoted?.startsWith('$')) return null
  const end = sql.indexOf(quoted, at + quoted.length)
  return end === -1 ? sql.length : end + quoted.length
}

const isBlank = ({ kind }: Token) => kind === 'space' || kind === 'comment'

/**
 * Returns the one statement of CLIENT_SYSTEM_QUERY, without the semicolon and the comments that may end it. Throws AgentError
 * `source_query` unless it is a single statement without placeholders. PostgreSQL's own messages would not say why.
 */
export function singleStatement(query: string): string {
  const all = [...tokens(query)]
  const meant = all.filter((token) => !isBlank(token))
  const first = meant.find(({ kind }) => kind === 'semicolon')
  if (first && meant.some(({ kind, at }) => at > first.at && kind !== 'semicolon')) {
    throw refusal(
      'CLIENT_SYSTEM_QUERY holds more than one statement',
      'Remove from CLIENT_SYSTEM_QUERY what follows the first semicolon',
    )
  }
  if (meant.length === 0 || meant[0] === first) {
    throw refusal(
      'CLIENT_SYSTEM_QUERY holds no statement',
      'Write the SELECT that yields the meters in CLIENT_SYSTEM_QUERY',
    )
  }
  const placeholder = meant.find(({ kind }) => kind === 'placeholder')
  if (placeholder) {
    throw refusal(
      `CLIENT_SYSTEM_QUERY holds the placeholder ${placeholder.text}, and nothing is given for it`,
      'Write the value itself in its place in CLIENT_SYSTEM_QUERY',
    )
  }
  const statement = query.slice(0, first?.at)
  if (/^[\p{L}_"][^\s()]*$/u.test(statement.trim())) {
    throw refusal(
      'CLIENT_SYSTEM_QUERY is the name of a table, not a query',
      `Set CLIENT_SYSTEM_QUERY to: select * from ${statement.trim()}`,
    )
  }
  const word = meant[0]?.text ?? ''
  if (!/^(select|with|values|table|\()$/i.test(word)) {
    throw refusal(
      `CLIENT_SYSTEM_QUERY begins with ${word}; expected one SELECT`,
      'Write the SELECT that yields the meters in CLIENT_SYSTEM_QUERY',
    )
  }
  return statement.trim()
}

/** Returns the query on one line, without its comments, for a hint that can be copied. Text in quotes stays as it is. */
export function onOneLine(query: string): string {
  let line = ''
  for (const token of tokens(query)) {
    if (!isBlank(token)) line += token.text
    else if (line !== '' && !line.endsWith(' ')) line += ' '
  }
  return line.trimEnd()
}

/** Returns the name that begins at `at`, with its schema if it has one: `"Meter"`, `public.meter`. */
export function nameAt(query: string, at: number): string | null {
  const part = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`
  return new RegExp(`${part}(?:\\s*\\.\\s*${part})*`, 'uy').exec(query.slice(at))?.[0] ?? null
}

function refusal(message: string, hint: string): AgentError {
  return new AgentError('source_query', message, { hint })
}
