import { createContext } from 'preact'
import { useContext, useEffect } from 'preact/hooks'

/** Takes the name of what an address has opened, and null when it is closed. */
export const Subject = createContext<(name: string | null) => void>(() => {})

/** Names what the caller shows for as long as it is shown: the title of a tab, a bookmark or a history entry says it. */
export function useSubject(name: string): void {
  const tell = useContext(Subject)
  useEffect(() => {
    tell(name)
    return () => tell(null)
  }, [name, tell])
}
