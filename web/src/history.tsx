import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'
import type { Route } from './route.ts'
import type { History } from './run-list.ts'
import { RunRow } from './run-row.tsx'
import { tableRoles } from './table.tsx'

type Props = {
  /** Ends the names of the region and its table where there are several Client Systems. */
  of: string
  history: History
  route: Route
  read: (before: string | null) => Promise<void>
}

/** The runs of a Client System, newest first; each opens to what it did. A table also where it looks like cards. */
export function RunHistory({ of, history, route, read }: Props) {
  const [reading, setReading] = useState(false)
  const readPage = async (before: string | null) => {
    setReading(true)
    await read(before)
    setReading(false)
  }
  return (
    <section class="card history" aria-label={`Run history${of}`} aria-busy={history.state === 'loading'}>
      <h3>Run history</h3>
      {history.runs.length > 0 && (
        <table {...tableRoles.table} class="runs" aria-label={`Run history${of}`}>
          <thead {...tableRoles.group}>
            <tr {...tableRoles.row}>
              <th {...tableRoles.header}>Outcome</th>
              <th {...tableRoles.header}>Asked for</th>
              <th {...tableRoles.header}>Trigger</th>
              <th {...tableRoles.header} class="number">
                Duration
              </th>
              <th {...tableRoles.header} class="number">
                Inserted
              </th>
              <th {...tableRoles.header} class="number">
                Updated
              </th>
              <th {...tableRoles.header} class="number">
                Deleted
              </th>
            </tr>
          </thead>
          <tbody {...tableRoles.group}>
            {history.runs.map((run) => (
              <RunRow key={run.id} run={run} open={run.id === route.runId} part={route.part} />
            ))}
          </tbody>
        </table>
      )}
      {history.runs.length === 0 && history.state === 'ready' && (
        <div class="empty">
          <Icon name="queued" />
          <p>No run yet. Every sync is kept here with its outcome and its changes, whoever asked for it.</p>
        </div>
      )}
      {history.runs.length === 0 && history.state === 'loading' && <p class="teaching">Reading…</p>}
      {history.state === 'failed' && (
        <p class="teaching">
          The run history could not be read.{' '}
          <button type="button" class="button-plain" disabled={reading} onClick={() => readPage(null)}>
            Try again
          </button>
        </p>
      )}
      {history.next !== null && history.state === 'ready' && (
        <button type="button" class="button-plain" disabled={reading} onClick={() => readPage(history.next)}>
          Show more
        </button>
      )}
    </section>
  )
}
