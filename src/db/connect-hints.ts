/** Returns hints for the ways in which a connection can fail. `variable` holds its URL; no hint shows the password. */
export function connectHints(variable: 'DATABASE_URL' | 'CLIENT_SYSTEM_URL', url: string) {
  const { username, pathname } = new URL(url)
  const role = decodeURIComponent(username) || 'ROLE'
  const database = decodeURIComponent(pathname.slice(1)) || role
  const bySqlState: Record<string, string> = {
    '28P01': `Check user and password in ${variable}; characters such as @ : / % in the password are percent-encoded`,
    '28000': `Check the user in ${variable}, and that pg_hba.conf of that server has a line for this machine, user and database`,
    '42501': `Grant the right on that server: grant connect on database ${quoted(database)} to ${quoted(role)}`,
    '3D000': `Check the name of the database in ${variable}`,
    '53300': `Close sessions on that server, or raise the limit: alter role ${quoted(role)} connection limit 10; or max_connections of the server`,
    '55000': `Check the name of the database in ${variable}; this database accepts no connections`,
    '57P03': 'Try again in a minute, because the server is starting or stopping',
  }
  return {
    bySqlState: (code: string | null) => bySqlState[code ?? ''] ?? null,
    missingPassword: `Add the password after the user in ${variable}: postgres://user:password@host/database`,
    notPostgres: `Check host and port in ${variable}; PostgreSQL listens on 5432 unless configured otherwise`,
    tls: `Check the certificate and the host name; name a private authority with sslrootcert=FILE in ${variable}`,
    general: `Check host, port and database in ${variable}, and that the server is running`,
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
