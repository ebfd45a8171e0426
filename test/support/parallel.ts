import { spawn } from 'node:child_process'

/**
 * Runs the scripts of package.json that the arguments name, all at once. Prints the output of each as it ends, and exits
 * with 1 when one failed. They only read the sources, so none disturbs another.
 */
async function runScript(name: string): Promise<void> {
  const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const code = await new Promise((done) => child.once('close', done))
  process.stdout.write(output)
  if (code === 0) return
  process.stderr.write(`npm run ${name} failed\n`)
  process.exitCode = 1
}

await Promise.all(process.argv.slice(2).map(runScript))
