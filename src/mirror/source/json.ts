/** The server that evaluates an expression: `version` as `server_version_num`, and its encoding. */
export type Server = { version: number; encoding: string }

/** Returns the text of a json value as jsonb. A value that cannot be jsonb becomes a string of its text. */
export function jsonToJsonb(value: string, server: Server): string {
  const text = `${value}::text`
  return `case when ${isJsonb(text, server)} then ${value}::jsonb::text else to_json(${text})::text end`
}

/** Returns the text of an array of json as jsonb. */
export function jsonArrayToJsonb(value: string, server: Server): string {
  const text = `to_json(${value})::text`
  return `case when ${isJsonb(text, server)} then to_jsonb(${value})::text else to_json(${text})::text end`
}

/**
 * Returns the condition that jsonb accepts a json text. Before PostgreSQL 16, which has pg_input_is_valid, the text must not
 * have an escape that is not a character of the encoding, nor a number outside of strings with an exponent of five digits.
 */
function isJsonb(text: string, { version, encoding }: Server): string {
  if (version >= 160_000) return `case when ${isDeep(text)} then false else pg_input_is_valid(${text}, 'jsonb') end`
  const pairs = '\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}'
  const escapes = `regexp_replace(replace(${text}, '\\\\', '') collate "C", '${pairs}', '', 'g')`
  const invalid = encoding === 'UTF8' ? '\\\\u(0000|[dD][89a-fA-F])' : '\\\\u(0000|(?!00[0-7]))'
  const numbers = `regexp_replace(${text} collate "C", '"([^"\\\\]|\\\\.)*"', '', 'g')`
  return `(not ${isDeep(text)} and ${escapes} !~ '${invalid}' and ${numbers} !~ '[eE][-+]?0*[1-9][0-9]{4}')`
}

/**
 * Returns the condition that a json text has more than 500 levels of arrays and objects. PostgreSQL parses json by
 * recursion, which its stack limits, so neither server may parse such a text. The level is the running sum of the brackets
 * outside of strings. It is computed only for a long text that has many brackets left when the innermost pairs are removed.
 */
export function isDeep(json: string): string {
  // Each replacement removes at most one level: a text with at most 494 pairs left had at most 500 levels.
  const flat = ['{}', '[]', '{}', '[]', '{}', '[]'].reduce((text, pair) => `replace(${text}, '${pair}', '')`, 'b')
  return `coalesce((
    select case
      when octet_length(t) <= 1000 or length(t) - length(translate(t, '[{', '')) <= 500 then false
      else (
        select case
          when length(${flat}) <= 988 then false
          else (
            select max(level) > 500
            from (
              select sum(case when bracket in ('[', '{') then 1 else -1 end) over (order by at) as level
              from unnest(string_to_array(b, null)) with ordinality brackets (bracket, at)
            ) levels
          )
        end
        from (
          select regexp_replace(regexp_replace(t, '"([^"\\\\]|\\\\.)*"', '', 'g'), '[^][{}]+', '', 'g') as b
          offset 0
        ) only_brackets
      )
    end
    from (select ${json} as t) json
  ), false)`
}
