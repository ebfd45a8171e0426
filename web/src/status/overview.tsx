import type { VNode } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { LastSync } from './last-sync.tsx'
import { Meters } from './meters.tsx'
import { Folded } from './notice.tsx'

type Props = { status: ClientSystemStatus; notices: readonly VNode[]; alone: boolean; nameSuffix: string }

/**
 * The first notice in full and the others as titles, and the counts of the last success and of the meters. The counts give way
 * to the notices within the same height, so that a sync that fails moves nothing of the history below.
 */
export function Overview({ status, notices, alone, nameSuffix }: Props) {
  const compact = notices.length > 0
  const shown = notices.map(({ key }) => key).join()
  const figures = useFocusKept(shown)
  return (
    <div class="overview">
      {notices.length > 0 && (
        <div class="notices">
          {notices.map((notice, index) => (
            <Folded.Provider key={notice.key} value={index > 0}>
              {notice}
            </Folded.Provider>
          ))}
        </div>
      )}
      {/* New elements in another place: the old ones would be seen to move. */}
      <div class="figures" key={shown} data-compact={compact} ref={figures}>
        <LastSync run={status.lastSuccess} nameSuffix={nameSuffix} compact={compact} />
        <Meters meters={status.meters} clientSystemId={alone ? null : status.id} nameSuffix={nameSuffix} />
      </div>
    </div>
  )
}

/** Keeps the focus on a link of the counts when new elements replace them. */
function useFocusKept(shown: string) {
  const figures = useRef<HTMLDivElement>(null)
  const links = () => [...(figures.current?.querySelectorAll('a') ?? [])]
  const focused = useRef(-1)
  // While rendering, the page is still as it was before.
  const { activeElement } = document
  focused.current = activeElement instanceof HTMLAnchorElement ? links().indexOf(activeElement) : -1
  useLayoutEffect(() => {
    if (document.activeElement === document.body) links()[focused.current]?.focus({ preventScroll: true })
  }, [shown])
  return figures
}
