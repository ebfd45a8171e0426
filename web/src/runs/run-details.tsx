import { useEffect, useRef } from 'preact/hooks'
import { isFailure } from '../../../src/wire/condition.ts'
import { phases } from '../../../src/wire/lists.ts'
import { readReasonWords, withheldWords } from '../../../src/wire/reason-words.ts'
import type { Run } from '../../../src/wire/types.ts'
import { isActive } from '../data/state.ts'
import type { RunPart } from '../routing/route.ts'
import { Moment, useNow, useStamp } from '../ui/clock.tsx'
import { Fact } from '../ui/fact.tsx'
import { failureWords, guideAddress } from '../ui/failure-words.ts'
import { formatBytes, formatCount, formatDuration, formatElapsed, sentences } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'
import { ProofMark } from '../ui/proof.tsx'
import { useSubject } from '../ui/subject.ts'
import { phaseWords, readModeWords, triggerWords } from '../ui/words.ts'
import { RunChanges } from './changes.tsx'
import { RejectedList } from './rejected.tsx'

/** The details of a run: its trigger and times, its counts, why it failed, and each of its changes. */
export function RunDetails({ run, part, heading }: { run: Run; part: RunPart | null; heading: Heading }) {
  const root = useArrival(part)
  const guide = guideAddress(run.error?.code)
  useSubject(`Run of ${useStamp()(run.queuedAt)}`)
  return (
    <div class="details" ref={root} tabIndex={-1}>
      {run.error !== null && (
        <div class="notice" data-tone={isFailure(run) ? 'bad' : 'quiet'}>
          <div>
            <p class="notice-title">{failureWords(run.error.code)}</p>
            <p>{sentences(run.error.message, run.error.hint)}</p>
            <p class="notice-foot">
              <code>{run.error.code}</code>
              {isFailure(run) && <span>The log of the agent has more, in the lines with the id of this run.</span>}
              {guide !== null && (
                <a href={guide} target="_blank" rel="noopener">
                  Open the guide to this error
                </a>
              )}
            </p>
          </div>
        </div>
      )}
      <Facts run={run} />
      <Outcome run={run} part={part} heading={heading} />
      <details class="technical">
        <summary>Technical details</summary>
        <div class="details-facts">
          <TechnicalFacts run={run} />
          {run.timings !== null && <Timings timings={run.timings} />}
        </div>
      </details>
    </div>
  )
}

/** Scrolls to the details when a link led here. Details that were opened or filtered in place stay where they are. */
function useArrival(part: RunPart | null) {
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = root.current
    const { activeElement } = document
    const opener = activeElement?.closest('.run')
    if (element === null || element.contains(activeElement) || opener?.nextElementSibling?.contains(element)) return
    const target = part === null ? element : (element.querySelector('.details-lists') ?? element)
    target.scrollIntoView({ block: 'start' })
    element.focus({ preventScroll: true })
  }, [part])
  return root
}

/** The most important facts of a run, before its changes. */
function Facts({ run }: { run: Run }) {
  return (
    <dl class="facts">
      <Fact name="Trigger">{triggerWords[run.trigger]}</Fact>
      {run.requestedBy !== null && <Fact name="Requested by">{run.requestedBy}</Fact>}
      {run.startedAt === null ? (
        <Fact name="Queued for">
          <Span from={run.queuedAt} to={run.finishedAt} />
        </Fact>
      ) : (
        <Fact name="Duration">
          <Span from={run.startedAt} to={run.finishedAt} />
        </Fact>
      )}
      {isFailure(run) && run.phase !== null && <Fact name="Failed while">{phaseWords[run.phase].doing}</Fact>}
      {run.approveDeletes !== null && <Fact name="Deletions approved">at most {formatCount(run.approveDeletes)}</Fact>}
      {run.counts !== null && <Fact name="Rows compared">{formatCount(run.counts.read)}</Fact>}
      {run.proof !== null && (
        <Fact name="Result">
          <ProofMark run={run} />
        </Fact>
      )}
      {run.withheldBecause !== null && <Fact name="Held back because">{withheldWords(run.withheldBecause)}</Fact>}
    </dl>
  )
}

/** Facts for the search for a cause. */
function TechnicalFacts({ run }: { run: Run }) {
  const { counts } = run
  return (
    <dl class="facts">
      <Fact name="Queued for">
        <Span from={run.queuedAt} to={run.startedAt ?? run.finishedAt} />
      </Fact>
      {run.startedAt !== null && (
        <Fact name="Started">
          <Moment iso={run.startedAt} />
        </Fact>
      )}
      {run.finishedAt !== null && (
        <Fact name="Ended">
          <Moment iso={run.finishedAt} />
        </Fact>
      )}
      {run.readMode !== null && (
        <Fact name="Read">
          {readModeWords[run.readMode]}{' '}
          {run.readReason !== null && <small class="reason">because {readReasonWords(run.readReason)}</small>}
        </Fact>
      )}
      {run.bytesRead !== null && <Fact name="Bytes read">{formatBytes(run.bytesRead)}</Fact>}
      {counts !== null && <Fact name="Unchanged">{formatCount(counts.unchanged)}</Fact>}
      {run.proof !== null && (
        <Fact name="Digest of both sides">
          <code class="digest">{run.proof.digest}</code>
        </Fact>
      )}
      <Fact name="Run">
        <code>{run.id}</code>
      </Fact>
    </dl>
  )
}

function Span({ from, to }: { from: string; to: string | null }) {
  const now = useNow()
  if (to === null) return <>{formatElapsed(now - Date.parse(from))} so far</>
  return <>{formatDuration(Date.parse(to) - Date.parse(from))}</>
}

function Timings({ timings }: { timings: NonNullable<Run['timings']> }) {
  const known = phases.flatMap((phase) => {
    const ms = timings[phase]
    return ms === undefined ? [] : [{ phase, ms }]
  })
  if (known.length === 0) return null
  return (
    <div class="timings">
      <p>Time in each phase</p>
      <dl>
        {known.map(({ phase, ms }) => (
          <div key={phase}>
            <dt>{phaseWords[phase].doing}</dt>
            <dd>{formatDuration(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function Outcome({ run, part, heading }: { run: Run; part: RunPart | null; heading: Heading }) {
  if (isActive(run)) return <p class="teaching">This run is active. Its changes are listed here when it has ended.</p>
  if (run.counts === null)
    return <p class="teaching">This run changed nothing. A sync is applied completely or not at all.</p>
  const operation = part === 'rejected' ? null : part
  const changes = (
    <RunChanges
      key={`${run.id} ${run.revision}`}
      runId={run.id}
      counts={run.counts}
      operation={operation}
      heading={heading}
    />
  )
  const rejected = run.counts.rejected > 0 && (
    <RejectedList key={`${run.id} rejected`} runId={run.id} total={run.counts.rejected} heading={heading} />
  )
  // The part of the address comes first.
  return <div class="details-lists">{part === 'rejected' ? [rejected, changes] : [changes, rejected]}</div>
}
