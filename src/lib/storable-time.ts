/**
 * Returns true when PostgreSQL accepts an ISO 8601 time: its year in UTC is 1 to 9999, its written year is not 0, and its
 * offset is less than 16 hours.
 */
export function isStorableTime(time: string): boolean {
  const instant = Date.parse(time)
  const within = instant >= Date.parse('0001-01-01T00:00:00Z') && instant < Date.parse('9999-12-31T23:59:59Z')
  return within && !time.startsWith('0000') && !/[+-](1[6-9]|2\d):?\d\d$/.test(time)
}
