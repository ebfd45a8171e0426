/** A record of CSV by RFC 4180, with its line end. A missing value is an empty field. */
export function toCsvRecord(fields: readonly (string | number | null)[]): string {
  return `${fields.map((field) => toCsvField(field === null ? '' : String(field))).join(',')}\r\n`
}

function toCsvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Returns the fields of a record; null when a quote is at an invalid place or is not closed. */
export function parseCsvRecord(text: string): string[] | null {
  const record = text.endsWith('\r') ? text.slice(0, -1) : text
  if (!record.includes('"')) return record.split(',')
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (;;) {
    const [whole, quoted, plain = '', end] = field.exec(record) ?? []
    if (whole === undefined) return null
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === '') return fields
  }
}
