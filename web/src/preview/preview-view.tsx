import type { ComponentChildren } from 'preact'
import type { ClientSystemStatus, Preview, Run } from '../../../src/wire/types.ts'
import type { Agent } from '../data/agent.ts'
import type { ApiError } from '../data/requests.ts'
import { isCurrent, type SystemState } from '../data/state.ts'
import { useMissing } from '../login/allowed.ts'
import { addressOf, type PreviewRoute } from '../routing/route.ts'
import { SyncLine } from '../status/sync-line.tsx'
import { SyncNow } from '../status/trigger.tsx'
import { Moment, useNow } from '../ui/clock.tsx'
import { failureWords, guideAddress } from '../ui/failure-words.ts'
import { formatElapsed, sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { useIsLongRun } from '../ui/use-is-long-run.ts'
import { outcomeWords, requestedBy, type Tone } from '../ui/words.ts'
import { announcedOf, changesOf, comparedOf, glanceOf } from './preview-words.ts'
import { Previewed } from './previewed.tsx'
import { type PreviewState, usePreview } from './use-preview.ts'

type Props = { agent: Agent; route: PreviewRoute; announce: (sentence: string) => void }

/** Shows what a sync would do now. Nothing is written. */
export function PreviewView({ agent, route, announce }: Props) {
  const { systems, clockOffset } = agent.state
  const missing = useMissing('operate')
  const system = systems.find(({ status }) => status.id === route.clientSystemId) ?? systems[0]
  if (system === undefined) return null
  if (missing !== null) return <NotAllowed missing={missing} />
  const { id } = system.status
  return (
    <PreviewOfSystem
      key={id}
      system={system}
      clockOffset={clockOffset}
      current={isCurrent(agent.state)}
      onRun={agent.addRun}
      announce={announce}
    />
  )
}

function NotAllowed({ missing }: { missing: string }) {
  return (
    <section class="preview" aria-label="Preview">
      <p class="notice" data-tone="quiet">
        <Icon name="key" />
        <span>To preview a sync, log in with a token that has {missing}.</span>
      </p>
      <p class="preview-end">
        <a href={addressOf(null)}>Back to the status</a>
      </p>
    </section>
  )
}

type PreviewOfSystemProps = {
  system: SystemState
  clockOffset: number
  current: boolean
  onRun: (run: Run) => void
  announce: (sentence: string) => void
}

function PreviewOfSystem({ system, clockOffset, current, onRun, announce }: PreviewOfSystemProps) {
  const { status, progress } = system
  const { activeRun } = status
  const onReady = (preview: Preview) => announce(announcedOf(preview))
  const { result, preview } = usePreview({ status, onRun, onReady })
  const isLong = useIsLongRun(activeRun)
  const { icon, tone } = lookOf(result)
  return (
    <section class="preview" aria-label="Preview" aria-busy={result.state === 'reading'}>
      <div class="card glance">
        <div class="headline" data-tone={tone}>
          <span class="headline-icon">
            <Icon name={icon} />
          </span>
          <div>
            <h2>{status.name}</h2>
            <Answer result={result} clockOffset={clockOffset} activeRun={activeRun} />
          </div>
        </div>
        <SyncNow status={status} onRun={onRun} current={current} isLong={isLong}>
          <button
            type="button"
            class="button-plain"
            disabled={activeRun !== null || !current}
            aria-disabled={result.state === 'reading'}
            onClick={() => result.state !== 'reading' && preview()}
          >
            Preview again
          </button>
        </SyncNow>
        <SyncLine status={status} progress={progress} current={current} isLong={isLong}>
          {result.state === 'reading' && activeRun === null && (
            <div class="progress">
              <progress aria-label="Preview progress" />
            </div>
          )}
        </SyncLine>
      </div>
      {result.state === 'refused' && <Refused error={result.error} />}
      {result.state === 'ready' && <Outdated status={status} basis={result.basis} />}
      {result.state === 'ready' && <Previewed preview={result.preview} />}
      <p class="preview-end">
        <a href={addressOf(null)}>Back to the status</a>
      </p>
    </section>
  )
}

function lookOf(result: PreviewState): { icon: Parameters<typeof Icon>[0]['name']; tone: Tone } {
  if (result.state === 'ready') return glanceOf(result.preview)
  if (result.state === 'refused') return { icon: 'cross', tone: 'bad' }
  return { icon: result.state === 'reading' ? 'eye' : 'clock', tone: 'accent' }
}

type AnswerProps = { result: PreviewState; clockOffset: number; activeRun: Run | null }

function Answer({ result, clockOffset, activeRun }: AnswerProps) {
  const now = useNow()
  switch (result.state) {
    case 'reading':
      return (
        <Words words="Comparing both sides…" age={null}>
          The Client System is being read, {formatElapsed(now - clockOffset - result.since)} so far. Nothing is written.
        </Words>
      )
    case 'ready':
      return (
        <Words
          words={glanceOf(result.preview).words}
          age={<Moment iso={new Date(result.at + clockOffset).toISOString()} />}
        >
          {changesOf(result.preview.counts) === 0 && comparedOf(result.preview.counts)} This is what a sync would do.
          Nothing was written.
        </Words>
      )
    case 'waiting':
      return (
        <Words words="A sync is active" age={null}>
          {activeRun === null ? (
            'It has just ended. '
          ) : (
            <>
              It was requested {requestedBy(activeRun)}. The preview starts when it has ended.{' '}
              <a href={addressOf(activeRun.id)}>See the run</a>
            </>
          )}
        </Words>
      )
    case 'refused':
      return (
        <Words words="The preview failed" age={null}>
          Nothing was written.
          {guideAddress(result.error.code ?? undefined) !== null && ' A sync would likely fail in the same way.'}
        </Words>
      )
  }
}

type WordsProps = { words: string; age: ComponentChildren; children: ComponentChildren }

function Words({ words, age, children }: WordsProps) {
  return (
    <>
      <p class="headline-words">
        <strong>{words}</strong>
        {age !== null && (
          <span class="headline-age">
            <span class="headline-dot" aria-hidden="true">
              ·{' '}
            </span>
            {age}
          </span>
        )}
      </p>
      <p class="headline-detail">{children}</p>
    </>
  )
}

/** Shows why there is no preview, and what to do next. */
function Refused({ error }: { error: ApiError }) {
  const code = error.code ?? undefined
  // Plain words come first, where the code has them.
  const explained = guideAddress(code) !== null
  return (
    <div class="notice" data-tone="bad" role="alert">
      <Icon name="cross" />
      <div>
        <p class="notice-title">{explained ? failureWords(code) : error.message}</p>
        <p>{sentences(explained ? error.message : null, error.hint)}</p>
      </div>
    </div>
  )
}

/** Shows that a sync has begun or ended since the preview was requested, and may have made its changes already. */
function Outdated({ status, basis }: { status: ClientSystemStatus; basis: string | null }) {
  const { activeRun, lastRun } = status
  const run = activeRun ?? (lastRun !== null && lastRun.id !== basis ? lastRun : null)
  if (run === null) return null
  return (
    <p key={activeRun !== null} class="notice notice-floating" data-tone="quiet">
      <Icon name="clock" />
      <span>
        <strong>This preview is from before a sync</strong> that{' '}
        {activeRun !== null ? 'is active' : `has ended: ${outcomeWords[run.status].word.toLowerCase()}`}.{' '}
        <a href={addressOf(run.id)}>{activeRun !== null ? 'See the run' : 'See what it did'}</a>
      </span>
    </p>
  )
}
