import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../src/db/migrate.ts'
import { type Postgres, startPostgres } from '../../src/demo/postgres.ts'
import { type SharedBrowser, startBrowser } from './browser.ts'
import { createDataFolder } from './data-folder.ts'

/**
 * Two real PostgreSQL servers for the whole suite, 18 and 15, each with a template database that is migrated: a test
 * clones databases of its own from it. Beside them runs one browser.
 */
const servers: Postgres[] = []
let browser: SharedBrowser | undefined
let data = ''
let browserFolder = ''

const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
  max_prepared_transactions: '0',
}

export async function globalSetup(): Promise<void> {
  if (!existsSync(new URL('../../web/dist/index.html', import.meta.url)))
    process.stderr.write('The page is not built: tests that open it fail. Run npm run build\n')
  data = createDataFolder('meter-sync-test-')
  const started = await Promise.all(
    ([18, 15] as const).map((version) => startPostgres({ directory: join(data, String(version)), version, settings })),
  )
  servers.push(...started)
  await Promise.all(servers.map(createTemplate))
  const [eighteen, fifteen] = servers.map((server) => server.url('postgres'))
  process.env.TEST_POSTGRES_18 = eighteen
  process.env.TEST_POSTGRES_15 = fifteen
  browserFolder = mkdtempSync(join(tmpdir(), 'meter-sync-browser-'))
  browser = await startBrowser(browserFolder)
  process.env.TEST_BROWSER = browser.endpoint
}

export async function globalTeardown(): Promise<void> {
  await browser?.close()
  await Promise.all(servers.map((server) => server.stop('immediate')))
  for (const folder of [data, browserFolder]) rmSync(folder, { recursive: true, force: true })
}

async function createTemplate(server: Postgres): Promise<void> {
  const admin = new pg.Client(server.url('postgres'))
  await admin.connect()
  await admin.query('create database sync_template')
  await admin.end()
  await migrate({ url: server.url('sync_template'), tls: false })
}
