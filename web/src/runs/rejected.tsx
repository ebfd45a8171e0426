import { rejectedColumn, rejectionWords } from '../../../src/wire/reason-words.ts'
import type { Rejected } from '../../../src/wire/types.ts'
import { readRejected } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { formatCount, formatValue } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'
import { PagedList } from '../ui/paged-list.tsx'

/** The rows that a run rejected, each with the reason. */
export function RejectedList({ runId, total, heading: Heading }: { runId: string; total: number; heading: Heading }) {
  const pages = usePages((after) => readRejected(runId, after))
  return (
    <section class="rejected" aria-label="Rejected rows">
      <Heading>
        Rejected rows <span class="quiet">{formatCount(total)}</span>
      </Heading>
      <PagedList pages={pages} empty="These rows are no longer kept: rejected rows are kept for a week.">
        {(rows) => (
          <ul class="change-list">
            {rows.map((rejected, index) => (
              // The same id may occur twice with the same reason, so the key needs the position.
              <RejectedItem key={`${index} ${rejected.externalId}`} rejected={rejected} />
            ))}
          </ul>
        )}
      </PagedList>
    </section>
  )
}

function RejectedItem({ rejected }: { rejected: Rejected }) {
  const wrong = rejectedColumn(rejected.reason)
  // The row has no nulls, and no id that is too long.
  const isAbsent = wrong !== null && !(wrong in rejected.row)
  const absent = isAbsent ? [[wrong, wrong === 'external_id' ? rejected.externalId : null] as const] : []
  const values = [...absent, ...Object.entries(rejected.row)]
  return (
    <li>
      <span class="external-id">{rejected.externalId || <span class="value-none">no external id</span>}</span>
      <span class="reason">{rejectionWords(rejected.reason)}</span>
      {values.length > 0 && (
        <ul class="differences">
          {values.map(([column, value]) => {
            const isWrong = column === wrong
            return (
              <li key={column} class={isWrong ? 'wrong' : undefined}>
                <span class="column">{column}</span>
                <span>
                  {shown(value)}
                  {isWrong && <strong> {rejectionWords(rejected.reason)}</strong>}
                </span>
              </li>
            )
          })}
        </ul>
      )}
    </li>
  )
}

/** The value that was sent; a text of blanks in quotes, so that it can be seen. */
function shown(value: unknown) {
  const text = formatValue(value)
  if (text === null) return <span class="value-none">none</span>
  return text.trim() === '' ? <code>“{text}”</code> : text
}
