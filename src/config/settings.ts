import type { Settings } from '../wire/types.ts'
import type { ClientSystem, Config } from './environment.ts'
import type { DatabaseTarget } from './targets.ts'

type DescribedConfig = Pick<
  Config,
  'role' | 'demonstration' | 'historyDays' | 'readingsDays' | 'syncDatabase' | 'clientSystems' | 'webhook' | 'authToken'
>

/**
 * Returns what an administrator may see of the configuration: no user, no password, no query, and of a webhook its host
 * alone.
 */
export function describeSettings(config: DescribedConfig, version: string): Settings {
  const { role, demonstration, historyDays, readingsDays, syncDatabase, clientSystems, webhook, authToken } = config
  return {
    version,
    role,
    demonstration,
    historyDays,
    readingsDays,
    syncDatabase: describeTarget(syncDatabase),
    clientSystems: clientSystems.map(describeClientSystem),
    alerts: { webhookHost: webhook && new URL(webhook.url).host },
    isAdministratorTokenSet: authToken !== null,
  }
}

function describeClientSystem(clientSystem: ClientSystem): Settings['clientSystems'][number] {
  const { id, name, target, insecure, schedule, freshnessMs, timeouts, guard } = clientSystem
  return {
    id,
    name,
    database: describeTarget(target),
    insecure,
    schedule,
    freshnessMinutes: freshnessMs / 60_000,
    runTimeoutSeconds: timeouts.totalMs / 1_000,
    readStartSeconds: timeouts.startMs / 1_000,
    readIdleSeconds: timeouts.idleMs / 1_000,
    deleteGuard: guard,
    readingIntervalMinutes: clientSystem.readingIntervalMs / 60_000,
  }
}

function describeTarget({ url, tls }: DatabaseTarget): Settings['syncDatabase'] {
  const { hostname, port, pathname, searchParams } = new URL(url)
  return {
    host: searchParams.get('host') ?? hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 5432),
    database: decodeURIComponent(pathname.slice(1)),
    tls: tls === false ? 'none' : tls === 'unverified' ? 'unverified' : 'verified',
  }
}
