import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { createLog } from '../../src/lib/log.ts'

/** Returns the text that a terminal shows for the lines that `write` logs, without colours. */
async function shown(write: (log: ReturnType<typeof createLog>) => void): Promise<string> {
  const out = new PassThrough({ encoding: 'utf8' })
  write(createLog({ level: 'info', terminal: true, out }))
  const [text] = await out.take(1).toArray()
  return stripVTControlCharacters(text)
}

test('a log line on a terminal shows message, cause and hint, and the fields that are not empty', async () => {
  const success = await shown((log) =>
    log.info(
      {
        runId: 'e0c5',
        clientSystem: 'main',
        trigger: 'schedule',
        read: 500,
        inserted: 0,
        updated: 3,
        readReason: null,
      },
      'meter sync succeeded',
    ),
  )
  assert.match(success, /^\[\d\d:\d\d:\d\d\] INFO: meter sync succeeded trigger=schedule read=500 updated=3\n$/)
  const failure = await shown((log) =>
    log.error(
      {
        ...{ runId: 'e0c5', clientSystem: 'main', code: 'source_auth', error: 'the login was refused' },
        ...{ hint: 'Check the password', err: new Error('the login was refused') },
      },
      'meter sync failed',
    ),
  )
  assert.match(failure, /ERROR: meter sync failed: the login was refused: Check the password code=source_auth\n$/)
  const fatal = await shown((log) => log.fatal({ err: new Error('out of the blue') }, 'internal error; shutting down'))
  assert.match(
    fatal,
    /FATAL: internal error; shutting down: out of the blue\nError: out of the blue\n\s+at .*terminal-line\.test/,
  )
})
