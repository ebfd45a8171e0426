import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { processExists } from './process-exists.ts'

/**
 * Returns a path beside `target` under which this process prepares it. The caller renames the result to `target` when it is
 * complete, so that an interrupted preparation is never used. What processes that have ended left there is removed.
 */
export function stagingPath(target: string): string {
  const prefix = `${basename(target)}.unfinished-`
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue
    const pid = Number(name.slice(prefix.length))
    if (pid === process.pid || !processExists(pid))
      rmSync(join(dirname(target), name), { recursive: true, force: true })
  }
  return join(dirname(target), `${prefix}${process.pid}`)
}
