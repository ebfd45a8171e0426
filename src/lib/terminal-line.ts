type Line = Record<string, unknown>

/** What an administrator reads in words, in this order; everything else of a line is in the JSON of a log that is kept. */
const words = ['error', 'reason', 'hint'] as const

/** Of no use beside the message, or said by it. */
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
 * Returns a line of the log for a terminal: the message, why and what to do in words, and the values that say something.
 * Zero, null, objects and long texts are left out.
 */
export function describeLine(line: Line): string {
  const err = line.err
  const cause = isRecord(err) ? { message: err.message, stack: err.stack } : { message: undefined, stack: undefined }
  const said = [line.msg, cause.message, ...words.map((name) => line[name])].filter((text) => typeof text === 'string')
  const values = Object.entries(line)
    .filter(([name, value]) => !omitted.has(name) && !words.some((word) => word === name) && isTelling(value))
    .map(([name, value]) => `${name}=${value}`)
  const text = [[...new Set(said)].join(': '), ...values].join(' ')
  // A fault of the agent itself is looked for where it arose.
  return line.level === 'fatal' && typeof cause.stack === 'string' ? `${text}\n${cause.stack}` : text
}

function isTelling(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'string') return value !== '' && value.length <= 40
  return value === true
}

function isRecord(value: unknown): value is Line {
  return typeof value === 'object' && value !== null
}
