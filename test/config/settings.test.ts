import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/environment.ts'
import { describeSettings } from '../../src/config/settings.ts'
import { urls } from '../support/configuration.ts'

test('the settings that an administrator sees hold no secret', () => {
  const secrets = ['sync-secret', 'source-secret', 'c3Ryb25n', 'token-of-the-administrator', 'path-token']
  const config = parseConfig({
    DATABASE_URL: `postgres://agent:${secrets[0]}@localhost:5433/meters`,
    CLIENT_SYSTEM_URL: `postgres://reader:${secrets[1]}@client-system.example/utility`,
    CLIENT_SYSTEM_QUERY: 'select 1 as external_id, 2 as name',
    WEBHOOK_URL: `https://alerts.example/${secrets[4]}`,
    WEBHOOK_SECRET: `whsec_${Buffer.from('strong'.repeat(6)).toString('base64')}`,
    AUTH_TOKEN: secrets[3],
  })
  const settings = describeSettings(config, '1.2.3')
  assert.deepEqual(settings.syncDatabase, { host: 'localhost', port: 5433, database: 'meters', tls: 'none' })
  assert.deepEqual(settings.clientSystems[0]?.database, {
    host: 'client-system.example',
    port: 5432,
    database: 'utility',
    tls: 'verified',
  })
  assert.deepEqual(settings.alerts, { webhookHost: 'alerts.example' })
  const text = JSON.stringify(settings)
  for (const secret of [...secrets, 'agent:', 'reader']) assert.ok(!text.includes(secret), secret)
})

test('the settings show whether a connection is verified, only encrypted, or neither', () => {
  const tlsOf = (parameters: string) => {
    const CLIENT_SYSTEM_URL = `postgres://reader@client-system.example/utility${parameters}`
    const config = parseConfig({ ...urls, CLIENT_SYSTEM_URL, CLIENT_SYSTEM_INSECURE: 'true' })
    return describeSettings(config, '1.2.3').clientSystems[0]?.database.tls
  }
  assert.deepEqual(['?sslmode=verify-full', '?sslmode=require', '?sslmode=disable'].map(tlsOf), [
    'verified',
    'unverified',
    'none',
  ])
})
