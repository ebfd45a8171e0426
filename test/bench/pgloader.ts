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

/**
 * Milliseconds that pgloader takes to copy the tables of one database into an empty other one, with their indexes; null
 * when it fails or is not done within five minutes. With its default of 100,000 rows in memory it hung at a million meters.
 */
export async function measurePgloader(fromUrl: string, toUrl: string): Promise<number | null> {
  const urls = [fromUrl, toUrl].map((url) => url.replace(/^postgres:/, 'postgresql:'))
  const started = performance.now()
  try {
    const running = run('pgloader', ['--with', 'prefetch rows = 10000', ...urls], {
      timeout: 300_000,
      killSignal: 'SIGKILL',
    })
    // It asks a debugger's question when it fails, and waits for the answer.
    running.child.stdin?.end()
    await running
    return Math.round(performance.now() - started)
  } catch {
    return null
  }
}
