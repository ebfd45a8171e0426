/**
 * Whether PostgreSQL takes an ISO 8601 time: within the years that four digits can tell in UTC, and within the offsets
 * that it knows. It refuses the year 0 of a text, whatever year that is in UTC.
 */
export function isStorableTime(time: string): boolean {
  const instant = Date.parse(time)
  const within = instant >= Date.parse('0001-01-01T00:00:00Z') && instant < Date.parse('9999-12-31T23:59:59Z')
  return within && !time.startsWith('0000') && !/[+-](1[6-9]|2\d):?\d\d$/.test(time)
}
