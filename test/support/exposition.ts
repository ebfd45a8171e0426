import assert from 'node:assert/strict'

export type Sample = { name: string; labels: Record<string, string>; value: number }
export type Family = { name: string; help: string; type: 'counter' | 'gauge' | 'histogram'; samples: Sample[] }

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"'
const sampleLine = new RegExp(
  `^(${metricName})(?:\\{(${label}(?:,${label})*)\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|[+-]Inf|NaN)$`,
)
const helpLine = new RegExp(`^# HELP (${metricName}) (\\S.*)$`)
const typeLine = new RegExp(`^# TYPE (${metricName}) (counter|gauge|histogram)$`)

/**
 * Parses Prometheus's text exposition format 0.0.4 as strictly as Prometheus: HELP and TYPE come once and before their
 * samples, the lines of a family are together, no sample comes twice, and histograms are complete.
 */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has no end')
  const families = new Map<string, Family>()
  /** The HELP line whose TYPE line has not come yet. */
  let waiting = { name: '', help: '' }
  let current: Family | null = null
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, helped, words = ''] = helpLine.exec(line) ?? []
    const [, typed, type] = typeLine.exec(line) ?? []
    if (helped !== undefined) {
      assert.equal(waiting.name, '', `the HELP line before has no TYPE: ${line}`)
      waiting = { name: helped, help: words }
    } else if (typed !== undefined) {
      assert.equal(waiting.name, typed, `HELP does not come before TYPE: ${line}`)
      assert.ok(!families.has(typed), `the family came before: ${line}`)
      assert.ok(type === 'counter' || type === 'gauge' || type === 'histogram')
      current = { name: typed, help: waiting.help, type, samples: [] }
      families.set(typed, current)
      waiting = { name: '', help: '' }
    } else {
      const sample = parseSample(line)
      assert.ok(current, `there is no TYPE before the sample: ${line}`)
      const suffixes = current.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      const { name } = current
      assert.ok(
        suffixes.some((suffix) => sample.name === name + suffix),
        `not a sample of ${name}: ${line}`,
      )
      assert.ok(!current.samples.some((other) => key(other) === key(sample)), `a sample comes twice: ${line}`)
      current.samples.push(sample)
    }
  }
  for (const family of families.values()) check(family)
  return families
}

/** Returns the value of a sample by its name and all of its labels. Fails when there is none. */
export function readingOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
  assert.ok(family, `there is no ${name}`)
  const wanted = key({ name, labels, value: 0 })
  const found = family.samples.find((sample) => key(sample) === wanted)
  assert.ok(found, `there is no sample ${wanted}`)
  return found.value
}

function parseSample(line: string): Sample {
  const [, name, pairs = ''] = sampleLine.exec(line) ?? []
  assert.ok(name !== undefined, `not a sample: ${line}`)
  const labels: Record<string, string> = {}
  for (const [, own = '', value = ''] of pairs.matchAll(new RegExp(label, 'g'))) {
    assert.ok(!Object.hasOwn(labels, own), `a label comes twice: ${line}`)
    labels[own] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  const text = line.slice(line.lastIndexOf(' ') + 1)
  return { name, labels, value: Number(text.replace('Inf', 'Infinity')) }
}

function check({ name, type, samples }: Family): void {
  if (type === 'counter') {
    assert.match(name, /_total$/)
    for (const { value } of samples) assert.ok(value >= 0, name)
  }
  if (type !== 'histogram') return
  const series = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels
    const its = key({ name, labels, value: 0 })
    series.set(its, [...(series.get(its) ?? []), sample])
  }
  for (const [its, parts] of series) {
    const buckets = parts.filter((part) => part.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number((labels.le ?? '').replace('Inf', 'Infinity')))
    assert.deepEqual(
      bounds,
      bounds.toSorted((one, other) => one - other),
      its,
    )
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, its)
    const counts = buckets.map(({ value }) => value)
    assert.deepEqual(
      counts,
      counts.toSorted((one, other) => one - other),
      `${its} is cumulative`,
    )
    assert.equal(parts.find((part) => part.name === `${name}_count`)?.value, counts.at(-1), its)
    assert.equal(parts.filter((part) => part.name === `${name}_sum`).length, 1, its)
  }
}

function key({ name, labels }: Sample): string {
  return JSON.stringify([name, Object.entries(labels).toSorted()])
}
