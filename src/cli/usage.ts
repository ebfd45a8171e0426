/** The text of --help. */
export const usage = `Keeps a local PostgreSQL database of meters in sync with a remote Client System, and shows it live.

Usage: meter-sync-agent [command]

  serve      runs the agent: schedule, worker, API and Sync Status page (the default)
  check      connects to both databases, describes the query, and shows which rows would be stored and rejected;
             changes nothing, and exits with 1 when something has to be corrected
  migrate    migrates the schema of the Sync database to the version of this program
  sync       starts a sync on a running agent and follows it to its end
             --client-system ID   the Client System; required only with several
             --full               read every meter, not only where something differs
             --preview            show what a sync would do now, without doing it
             --approve-deletes N  approve all deletions of this run when there are at most N
             --digest DIGEST      approve only the meters of this digest (withheldDigest, as sync prints it)
             --json               one line of JSON: the run
  cancel     cancels the active sync in both databases; it changes no meter
             --client-system ID   the Client System; required only with several
             --json               one line of JSON: the run, or null when none was active
  status     shows the state of the meters and the next step
             --check              exit status 1 unless every Client System is in sync; kept deletions are ignored
             --json               one line of JSON: the status
  alerts     tests the alert channels
             test                 sends a test alert to each channel and prints the results
             --json               one line of JSON: the results
  token      manages the tokens for the API; a running agent applies a change at once
             create NAME --scope read,ingest,operate,approve [--expires 90d]
                                  prints a new token once; expiry in h, d or w
             list                 names, scopes, times of creation, expiry and last use
             revoke NAME          revokes a token
             --json               for list: one line of JSON
  mcp        serves an assistant over standard input and output (Model Context Protocol)

  --help     shows this text
  --version  shows the version

Configuration is read from the environment and, except by mcp, from .env; .env.example lists every variable. When no
database, query or schedule is set, serve runs a demonstration with its own databases, unless NODE_ENV=production.

Exit status: 0 done, 1 failed, 2 usage, 74 standard output closed, 75 busy (a sync is active), 78 configuration.
`
