import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

type Props = { summary: ComponentChildren; children: () => ComponentChildren }

/** The table behind a chart: a summary that opens to it. It is rendered only while it is open, because it is large. */
export function TableBehind({ summary, children }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && children()}
    </details>
  )
}
