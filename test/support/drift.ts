import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Fails when src/db/schema.ts differs from the migrations, so that generating would write another one. */
const project = fileURLToPath(new URL('../..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'meter-sync-drift-'))
try {
  cpSync(join(project, 'drizzle'), copy, { recursive: true })
  const before = snapshot(copy)
  const out = relative(project, copy)
  const options = ['generate', '--dialect=postgresql', '--schema=./src/db/schema.ts', `--out=${out}`]
  execFileSync(join(project, 'node_modules/.bin/drizzle-kit'), options, { cwd: project, stdio: 'pipe' })
  if (snapshot(copy) !== before) {
    process.stderr.write('src/db/schema.ts has drifted from drizzle/: run npm run generate and commit the migration\n')
    process.exitCode = 1
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}

function snapshot(directory: string): string {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = names.map((entry) => join(entry.parentPath, entry.name)).sort()
  return files.map((file) => `${relative(directory, file)}\n${readFileSync(file, 'utf8')}`).join('\n')
}
