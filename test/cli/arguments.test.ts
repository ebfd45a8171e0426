import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommand } from '../../src/cli/arguments.ts'

test('token: each invalid argument is reported by name', () => {
  const wrong: [string[], RegExp][] = [
    [[], /expected token create NAME/],
    [['create'], /expected token create NAME/],
    [['create', 'a', 'b', '--scope', 'read'], /expected token create NAME/],
    [['create', 'a'], /--scope: expected one or more of read,ingest,operate,approve/],
    [['create', 'a', '--scope', 'read,write'], /--scope: expected/],
    [['create', 'a', '--scope', 'read', '--expires', 'soon'], /--expires: expected/],
    [['create', 'a', '--scope', 'read', '--expires', '0d'], /--expires: expected/],
    [['create', 'Administrator', '--scope', 'read'], /other than administrator/],
    [['create', 'a\u001b', '--scope', 'read'], /expected a name/],
    [['list', '--scope', 'read'], /options of token create only/],
    [['revoke', 'a', '--json'], /--json is an option of token list only/],
  ]
  for (const [args, message] of wrong) assert.throws(() => parseCommand(['token', ...args]), message, args.join(' '))
  assert.deepEqual(parseCommand(['token', 'create', 'Anna B.', '--scope', 'operate,read', '--expires', '2w']), {
    name: 'token',
    command: { action: 'create', tokenName: 'Anna B.', scopes: ['read', 'operate'], expiresInSeconds: 1_209_600 },
  })
})
