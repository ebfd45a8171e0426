import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Scope } from '../../../src/wire/types.ts'

/** The scopes of this browser's login. */
export const Scopes = createContext<readonly Scope[]>([])

/** Returns the scopes among `needed` that the login does not have, in words; null when it has all of them. */
export function useMissing(...needed: readonly Scope[]): string | null {
  const scopes = useContext(Scopes)
  const missing = needed.filter((scope) => !scopes.includes(scope))
  return missing.length === 0 ? null : `the scope${missing.length === 1 ? '' : 's'} ${missing.join(' and ')}`
}
