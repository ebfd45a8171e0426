/** Whether what a person typed is this number, with or without separators between its digits. Pure. */
export function confirms(typed: string, count: number): boolean {
  const digits = typed.trim().replace(/(?<=\d)[ ,.'\u00a0\u202f](?=\d{3}(?!\d))/g, '')
  return /^\d+$/.test(digits) && Number(digits) === count
}
