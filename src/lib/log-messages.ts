/**
 * Every message that the agent logs at `info` and above, by level. People match on these texts: a change belongs into
 * CHANGELOG.md. docs/operate.md explains each of them.
 */
export const logMessages = {
  info: [
    'an alert was delivered',
    'an alert was queued',
    'a test alert was delivered',
    'meter sync agent has stopped',
    'meter sync agent is shutting down',
    'meter sync agent is up',
    'meter sync cancelled',
    'meter sync skipped',
    'meter sync succeeded',
    'old readings removed',
    'partitions of readings created',
    'the listener is connected to the Sync database again',
  ],
  warn: [
    'a connection to the Sync database stopped responding and was closed',
    'a connection to the Sync database was lost',
    'a request failed because the Sync database is busy or full',
    'a request failed because the Sync database is not reachable',
    'a sync for readings of unknown meters could not be started; retrying',
    'alerts could not be decided; retrying',
    'a test alert could not be delivered',
    'an alert could not be delivered; retrying',
    'an assistant uses AUTH_TOKEN, which may also approve deletions; give it a token of its own',
    'an older Client System has the same meters',
    'cannot read the state for live events; retrying',
    'deleted jobs that have no active run',
    'deletions withheld',
    'meter sync ended elsewhere',
    'rows rejected',
    'the collection states could not be corrected',
    'searches scan all meters: the Sync database has no index for them',
    'the list of meters could not be corrected; retrying',
    'the partitions of readings could not be created or dropped; retrying',
    'the job queue gave a warning',
    'the job queue reported an error; it continues',
    'the listener lost the Sync database; reconnecting',
    'the reaper cannot check the active runs; retrying',
    'the use of a token was not recorded',
    'this is a demonstration',
    'waiting for the Sync database; check DATABASE_URL and the server if this stays',
  ],
  error: [
    'a request failed',
    'an alert could not be delivered; no more retries',
    'meter sync failed',
    'old history could not be removed; retrying tomorrow',
    'shutdown timed out; exiting',
    'the end of a run could not be recorded; the reaper will record it',
    'the receiver no longer accepts alerts',
    'the scheduled sync could not be queued',
    'the schema of the Sync database is not that of this program; it takes no more runs',
  ],
  fatal: ['internal error; shutting down'],
} as const

export type LogLevel = keyof typeof logMessages

type Listed<Level extends LogLevel> = (typeof logMessages)[Level][number]

/** A message of the list, with or without details after a colon. */
export type LogMessage<Level extends LogLevel> = Listed<Level> | `${Listed<Level>}: ${string}`
