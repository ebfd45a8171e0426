import type { Settings } from '../../../src/wire/types.ts'
import type { Agent } from '../data/agent.ts'
import { readSettings } from '../data/api.ts'
import { Fact } from '../ui/fact.tsx'
import { formatCount, formatElapsed, plural, sentences } from '../ui/format.ts'
import { LoadFailure } from '../ui/load-failure.tsx'
import { useAnswer } from '../ui/use-answer.ts'
import { TestAlert } from './test-alert.tsx'

/** Shows the configuration of the agent, read only: it is changed by variables, and applied at a start. */
export function SettingsView({ agent }: { agent: Agent }) {
  const { answer: settings, error, retry } = useAnswer(readSettings)
  if (error !== null) {
    return (
      <section class="card" aria-label="Settings">
        <LoadFailure retry={retry}>
          The settings could not be loaded. {sentences(error.message, error.hint)}
        </LoadFailure>
      </section>
    )
  }
  if (settings === null) return <p class="teaching">Loading…</p>
  const workersOf = (id: string) => agent.state.systems.find(({ status }) => status.id === id)?.status.workers ?? null
  return (
    <>
      {settings.demonstration && <Demonstration />}
      {settings.clientSystems.map((clientSystem) => (
        <ClientSystem key={clientSystem.id} clientSystem={clientSystem} workers={workersOf(clientSystem.id)} />
      ))}
      <AgentSettings settings={settings} />
      <Documents />
    </>
  )
}

function ClientSystem({
  clientSystem,
  workers,
}: {
  clientSystem: Settings['clientSystems'][number]
  workers: number | null
}) {
  const { id, name, database, schedule, deleteGuard } = clientSystem
  const seconds = (value: number) => formatElapsed(value * 1000)
  return (
    <section class="card settings-card" aria-label={`Settings of ${name}`}>
      <h2>{name}</h2>
      <dl class="facts">
        <Fact name="Id">
          <code>{id}</code>
        </Fact>
        <Fact name="Database">
          <Database database={database} />
        </Fact>
        <Fact name="Schedule">
          <code>{schedule.cron}</code> {schedule.timeZone}
        </Fact>
        <Fact name="Workers alive">{workers === null ? 'not known yet' : formatCount(workers)}</Fact>
        <Fact name="Out of date after">{seconds(clientSystem.freshnessMinutes * 60)}</Fact>
        <Fact name="Deletions are held back when">
          more than {formatCount(deleteGuard.minimum)} are missing, and more than {deleteGuard.percent}&nbsp;% of the
          active meters or {formatCount(deleteGuard.maximum)}
        </Fact>
        <Fact name="Timeout of a run">{seconds(clientSystem.runTimeoutSeconds)}</Fact>
        <Fact name="Timeout of an answer">{seconds(clientSystem.readStartSeconds)}</Fact>
        <Fact name="Timeout between bytes">{seconds(clientSystem.readIdleSeconds)}</Fact>
        <Fact name="Meters are read every">{seconds(clientSystem.readingIntervalMinutes * 60)}</Fact>
      </dl>
    </section>
  )
}

const roles: Record<Settings['role'], string> = {
  all: 'serves the page and the API, and runs syncs',
  api: 'serves the page and the API, and runs no syncs',
  worker: 'runs syncs',
}

function AgentSettings({ settings }: { settings: Settings }) {
  const { version, role, historyDays, readingsDays, syncDatabase, alerts, isAdministratorTokenSet } = settings
  return (
    <section class="card settings-card" aria-label="Settings of the agent">
      <h2>Agent</h2>
      <dl class="facts">
        <Fact name="Version">{version}</Fact>
        <Fact name="Role">
          <code>{role}</code>: {roles[role]}
        </Fact>
        <Fact name="Sync database">
          <Database database={syncDatabase} />
        </Fact>
        <Fact name="History is kept for">{plural(historyDays, 'day')}</Fact>
        <Fact name="Readings are kept">
          {readingsDays === null ? 'for ever' : `for ${plural(readingsDays, 'day')}`}
        </Fact>
        <Fact name="Administrator’s token">{isAdministratorTokenSet ? 'set' : 'not set: no login is needed'}</Fact>
        <Fact name="Alerts">
          {alerts.webhookHost === null ? (
            <>
              none; <a href="/guides/operate.html#alerts">set a webhook</a>
            </>
          ) : (
            <>
              webhook at {alerts.webhookHost}
              <TestAlert />
            </>
          )}
        </Fact>
      </dl>
      <p class="card-foot">Settings are environment variables. Change them and restart the agent.</p>
    </section>
  )
}

function Database({ database: { host, port, database, tls } }: { database: Settings['syncDatabase'] }) {
  const words = { none: 'without TLS', unverified: 'TLS, not verified', verified: 'TLS, verified' }
  return (
    <>
      {database} on {host}:{port}, {words[tls]}
    </>
  )
}

/** Explains the demonstration, and how to connect a real system. */
function Demonstration() {
  return (
    <div class="notice" data-tone="accent">
      <div>
        <p class="notice-title">This is a demonstration</p>
        <p>
          Both databases belong to the agent, and the meters are invented. To connect your own system, set{' '}
          <code>DATABASE_URL</code> and <code>CLIENT_SYSTEM_URL</code>, run <code>meter-sync-agent check</code>, and
          start the agent again.
        </p>
        <p class="notice-foot">
          <a href="/guides/connect.html">Open the guide to connecting a system</a>
        </p>
      </div>
    </div>
  )
}

function Documents() {
  return (
    <nav class="card settings-card" aria-label="Documents">
      <h2>Documents</h2>
      <ul class="documents">
        <li>
          <a href="/guides/operate.html">Operate</a>: errors, log, alerts, tokens, upgrade, backup
        </li>
        <li>
          <a href="/guides/connect.html">Connect</a>: the query, joins, TLS
        </li>
        <li>
          <a href="/guides/deploy.html">Deploy</a>: systemd, containers, proxies, roles
        </li>
        <li>
          <a href="/docs">API</a>: every route, with examples
        </li>
      </ul>
    </nav>
  )
}
