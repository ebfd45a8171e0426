/** What a failure means in plain words, by its code. Pure. */

/** A test holds these codes equal to those of the agent. */
const words: Record<string, string> = {
  source_unreachable: 'The Client System cannot be reached',
  source_auth: 'The Client System refused the login',
  source_tls: 'The Client System’s identity could not be verified',
  source_query: 'The query does not work on the Client System',
  source_data: 'The Client System sent text that cannot be stored',
  source_timeout: 'The Client System took too long to answer',
  source_lost: 'The connection to the Client System was lost during the sync',
  same_database: 'The query reads the Sync database itself',
  proof_failed: 'The meters would not have been equal to those of the Client System',
  database_error: 'The Sync database reported an error',
  database_busy: 'The Sync database was busy',
  disk_full: 'The Sync database has run out of disk space',
  worker_lost: 'The worker stopped during the sync',
  lease_lost: 'The worker was frozen or cut off during the sync',
  cancelled: 'The sync was cancelled',
  timeout: 'The sync took too long',
  shutting_down: 'The agent was stopped during the sync',
  internal: 'An internal error ended the sync',
}

export const explainedCodes = Object.keys(words)

export function failureWords(code: string | undefined): string {
  return (code !== undefined && words[code]) || 'The sync failed'
}

/** The section of the guide for a code, as the agent serves it; null for a code that the guide does not have. */
export function guideAddress(code: string | undefined): string | null {
  return code !== undefined && code in words ? `/guides/operate.html#${code}` : null
}
