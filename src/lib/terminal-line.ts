type Line = Record<string, unknown>

/** Fields that are shown as text after the message, in this order. */
const textFields = ['error', 'reason', 'hint'] as const

/** Fields that a terminal does not show, because the message says the same or they do not help a reader. */
const omitted = new Set([
  'level',
  'time',
  'msg',
  'service',
  'err',
  'runId',
  'clientSystem',
  'clientSystems',
  'url',
  'directory',
])

/**
 * Formats a line of the log for a terminal: the message, the cause, the hint, then the other fields as `name=value`. Zero,
 * null, objects and long texts are left out; the JSON log has them.
 */
export function describeLine(line: Line): string {
  const err = line.err
  const cause = isRecord(err) ? { message: err.message, stack: err.stack } : { message: undefined, stack: undefined }
  const texts = [line.msg, cause.message, ...textFields.map((name) => line[name])].filter(
    (text) => typeof text === 'string',
  )
  const values = Object.entries(line)
    .filter(
      ([name, value]) => !omitted.has(name) && !textFields.some((field) => field === name) && isWorthShowing(value),
    )
    .map(([name, value]) => `${name}=${value}`)
  const text = [[...new Set(texts)].join(': '), ...values].join(' ')
  // An internal error is found by its stack.
  return line.level === 'fatal' && typeof cause.stack === 'string' ? `${text}\n${cause.stack}` : text
}

function isWorthShowing(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'string') return value !== '' && value.length <= 40
  return value === true
}

function isRecord(value: unknown): value is Line {
  return typeof value === 'object' && value !== null
}
