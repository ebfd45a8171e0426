import { createContext } from 'preact'
import { useContext, useEffect } from 'preact/hooks'

/** Takes the name of what an address has opened, and null when it is closed. */
export const Subject = createContext<(name: string | null) => void>(() => {})

/** Puts a name into the title of the document while the caller is shown. */
export function useSubject(name: string): void {
  const setSubject = useContext(Subject)
  useEffect(() => {
    setSubject(name)
    return () => setSubject(null)
  }, [name, setSubject])
}
