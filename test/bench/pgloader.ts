import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether the machine has pgloader. */
export async function hasPgloader(): Promise<boolean> {
  return await run('pgloader', ['--version']).then(
    () => true,
    () => false,
  )
}

/** Milliseconds that pgloader takes to copy the tables of one database into an empty other one, with their indexes. */
export async function measurePgloader(fromUrl: string, toUrl: string): Promise<number> {
  const started = performance.now()
  await run(
    'pgloader',
    [fromUrl, toUrl].map((url) => url.replace(/^postgres:/, 'postgresql:')),
  )
  return Math.round(performance.now() - started)
}
