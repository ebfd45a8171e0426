/** Returns a record of CSV (RFC 4180) with its line end. Null becomes an empty field. */
export function toCsvRecord(fields: readonly (string | number | null)[]): string {
  return `${fields.map((field) => toCsvField(field === null ? '' : String(field))).join(',')}\r\n`
}

function toCsvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Returns a record of a file that people open in a spreadsheet. A text that the spreadsheet would run as a formula gets a
 * leading apostrophe; numbers do not. `withoutGuard` removes the apostrophe.
 */
export function toSpreadsheetRecord(fields: readonly (string | number | null)[]): string {
  return toCsvRecord(fields.map((field) => (typeof field === 'string' ? withGuard(field) : field)))
}

function withGuard(text: string): string {
  return /^'*[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? `'${text}` : text
}

/** Returns a text without the apostrophe that `toSpreadsheetRecord` put before it. */
export function withoutGuard(text: string): string {
  return text.startsWith("'") && /^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text
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
