/** What to do when a connection of the variable `variable` cannot be made; `url` is its value without the password. */
export function connectHints(variable: 'DATABASE_URL' | 'CLIENT_SYSTEM_URL', url: string) {
  const { username, pathname } = new URL(url)
  const role = decodeURIComponent(username) || 'ROLE'
  const database = decodeURIComponent(pathname.slice(1)) || role
  const bySqlState: Record<string, string> = {
    '28P01': `Check user and password in ${variable}; characters such as @ : / % in the password are percent-encoded`,
    '28000': `Check the user in ${variable}, and whether pg_hba.conf of that server has a line for this machine, user and database`,
    '42501': `Grant the right there: grant connect on database ${quoted(database)} to ${quoted(role)}`,
    '3D000': `Check the name of the database in ${variable}`,
    '53300': `Close sessions there, or raise the limit: alter role ${quoted(role)} connection limit 10; or max_connections of the server`,
    '55000': `Check the name of the database in ${variable}; this one accepts no connections`,
    '57P03': 'The server is starting or stopping; try again in a minute',
  }
  return {
    bySqlState: (code: string | null) => bySqlState[code ?? ''] ?? null,
    missingPassword: `Write it behind the user in ${variable}: postgres://user:password@host/database`,
    notPostgres: `Check host and port in ${variable}; PostgreSQL listens on 5432 unless configured otherwise`,
    tls: `Check the certificate and the host name; sslrootcert=FILE in ${variable} names a private authority`,
    general: `Check host, port and database in ${variable}, and that the server is up`,
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
