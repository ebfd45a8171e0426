import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { parseConfig } from '../../src/config/environment.ts'
import { runCommand } from '../support/command.ts'
import { clientSystemOf, errorsOf, invalidNames, urls } from '../support/configuration.ts'

test('a webhook needs an https URL (http only to loopback) and a Standard Webhooks secret, or neither', () => {
  const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  const WEBHOOK_URL = 'https://alerts.example/hook?to=meters'
  const { webhook } = parseConfig({ ...urls, WEBHOOK_URL, WEBHOOK_SECRET })
  assert.deepEqual(webhook, { url: WEBHOOK_URL, key: Buffer.alloc(24, 7) })
  for (const url of ['http://127.0.0.1:9/hook', 'http://localhost/hook', 'http://[::1]:9/'])
    assert.equal(parseConfig({ ...urls, WEBHOOK_URL: url, WEBHOOK_SECRET }).webhook?.url, url)
  for (const url of [
    'http://alerts.example/',
    'ftp://alerts.example/',
    'alerts.example',
    'https://u:p@alerts.example/',
  ])
    assert.deepEqual(invalidNames({ WEBHOOK_URL: url, WEBHOOK_SECRET }), ['WEBHOOK_URL'], url)
  const short = `whsec_${Buffer.alloc(23).toString('base64')}`
  const long = `whsec_${Buffer.alloc(65).toString('base64')}`
  for (const secret of ['whsec_', 'secret', WEBHOOK_SECRET.slice(6), short, long, `${WEBHOOK_SECRET}!`])
    assert.deepEqual(invalidNames({ WEBHOOK_URL, WEBHOOK_SECRET: secret }), ['WEBHOOK_SECRET'], secret)
  assert.deepEqual(invalidNames({ WEBHOOK_URL }), ['WEBHOOK_SECRET'])
  assert.deepEqual(invalidNames({ WEBHOOK_SECRET }), ['WEBHOOK_URL'])
})

test('R8.4: a remote Client System is verified unless CLIENT_SYSTEM_INSECURE allows otherwise', () => {
  const url = (host: string, parameters = '') => ({ CLIENT_SYSTEM_URL: `postgres://u:p@${host}/db${parameters}` })
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.9.9.9']) {
    assert.equal(clientSystemOf(url(host)).target.tls, false, host)
    assert.equal(clientSystemOf(url(host)).insecure, false)
    assert.deepEqual(clientSystemOf(url(host, '?sslmode=verify-full')).target.tls, { ca: undefined })
    assert.deepEqual(clientSystemOf(url(host, '?sslmode=require')).target.tls, { ca: undefined })
  }
  for (const host of ['db.example.org', '10.0.0.1', '[2001:db8::1]', '127.example.org', 'localhost.example.org']) {
    for (const parameters of ['', '?sslmode=verify-full', '?sslmode=require', '?sslmode=verify-ca']) {
      assert.deepEqual(clientSystemOf(url(host, parameters)).target.tls, { ca: undefined }, host + parameters)
      assert.equal(clientSystemOf(url(host, parameters)).insecure, false)
    }
    assert.deepEqual(invalidNames(url(host, '?sslmode=disable')), ['CLIENT_SYSTEM_URL'])
    const allowed = clientSystemOf({ ...url(host, '?sslmode=disable'), CLIENT_SYSTEM_INSECURE: 'true' })
    assert.deepEqual([allowed.target.tls, allowed.insecure], [false, true])
  }
  const { target } = clientSystemOf(url('db.example.org', '?sslmode=verify-full&application_name=x'))
  assert.equal(
    target.url,
    'postgres://u:p@db.example.org/db?application_name=x',
    'the URL for the driver has no TLS parameter',
  )
})

test('R8.4: no URL parameter disables the verification of the server', () => {
  const url = (text: string) => ({ CLIENT_SYSTEM_URL: text })
  for (const parameter of ['ssl=0', 'ssl=false', 'sslcert=/tmp/x', 'sslkey=/tmp/x', 'sslnegotiation=direct'])
    assert.deepEqual(invalidNames(url(`postgres://u@db.example.org/db?${parameter}`)), ['CLIENT_SYSTEM_URL'], parameter)
  const elsewhere = clientSystemOf(url('postgres://u@localhost/db?host=db.example.org'))
  assert.deepEqual(elsewhere.target.tls, { ca: undefined })
  assert.equal(clientSystemOf(url('postgres://u@localhost/db?host=/var/run/postgresql')).target.tls, false)
  assert.doesNotMatch(
    clientSystemOf(url('postgres://u@localhost/db?client_encoding=LATIN1')).target.url,
    /client_encoding/,
  )
})

test('sslrootcert is read at start, and a missing file is an error', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'meter-sync-config-'))
  const file = join(directory, 'ca.pem')
  const [authority = ''] = rootCertificates
  await writeFile(file, authority)
  const url = (path: string) => ({ CLIENT_SYSTEM_URL: `postgres://u:p@db.example.org/db?sslrootcert=${path}` })
  assert.deepEqual(clientSystemOf(url(file)).target.tls, { ca: authority })
  await writeFile(file, 'PEM')
  assert.match(errorsOf(url(file)).join(), /holds no certificate; expected PEM/)
  const system = clientSystemOf(url('system')).target.tls
  assert.match(typeof system === 'object' ? (system.ca ?? '') : '', /BEGIN CERTIFICATE/)
  assert.deepEqual(invalidNames(url(join(directory, 'none'))), ['CLIENT_SYSTEM_URL'])
  await rm(directory, { recursive: true })
})

test('sslmode=require, prefer and allow with CLIENT_SYSTEM_INSECURE encrypt without verification; every other mode verifies', () => {
  const url = (parameters: string) => ({ CLIENT_SYSTEM_URL: `postgres://u:p@db.example.org/db${parameters}` })
  const CLIENT_SYSTEM_INSECURE = 'true'
  for (const sslmode of ['require', 'prefer', 'allow']) {
    const { target, insecure } = clientSystemOf({ ...url(`?sslmode=${sslmode}`), CLIENT_SYSTEM_INSECURE })
    assert.deepEqual([target.tls, insecure], ['unverified', true], sslmode)
  }
  for (const parameters of ['', '?sslmode=verify-ca', '?sslmode=verify-full']) {
    const { target, insecure } = clientSystemOf({ ...url(parameters), CLIENT_SYSTEM_INSECURE })
    assert.deepEqual([target.tls, insecure], [{ ca: undefined }, false], parameters)
  }
})

test('a password with an unencoded @ is refused without showing any part of it', async () => {
  for (const password of ['Sum@mer/2026', 'Sum@mer?2026', 'Sum@mer#2026', 'Sum/mer', '12#Sum', '7?Sum@x'])
    for (const name of ['DATABASE_URL', 'CLIENT_SYSTEM_URL']) {
      const [error = '', ...others] = errorsOf({ [name]: `postgres://reader:${password}@db.example.org/meters` })
      assert.deepEqual(others, [])
      assert.match(error, new RegExp(`^${name}: .*percent-encode the password`))
      assert.doesNotMatch(error, /Sum|mer|2026|12/)
    }
  const CLIENT_SYSTEM_URL = 'postgres://reader:Sum@mer/2026@db.example.org/meters'
  const { code, out, err } = await runCommand([], { ...urls, CLIENT_SYSTEM_URL }, { cwd: tmpdir() })
  assert.equal(code, 78)
  assert.match(err, /CLIENT_SYSTEM_URL: .*percent-encode the password/)
  assert.doesNotMatch(out + err, /Sum|2026/)
})

test('every form in which libpq names a socket is accepted', () => {
  for (const text of [
    'postgres://u:p@/db?host=/var/run/postgresql',
    'postgres://u:p@%2Fvar%2Frun%2Fpostgresql/db',
    'postgres://u:p@localhost/db?host=/var/run/postgresql',
  ]) {
    const { target } = clientSystemOf({ CLIENT_SYSTEM_URL: text })
    assert.deepEqual(target, { url: 'postgres://u:p@localhost/db?host=%2Fvar%2Frun%2Fpostgresql', tls: false }, text)
  }
})
