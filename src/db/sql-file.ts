import { readFileSync } from 'node:fs'

/**
 * Returns the text of a `.sql` file in the directory of a module. The constant carries the name of the file:
 * `const writeChanges = sqlBeside(import.meta.url, 'write-changes.sql')`.
 */
export function sqlBeside(module: string, name: string): string {
  return readFileSync(new URL(name, module), 'utf8')
}
