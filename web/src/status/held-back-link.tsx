import { addressOf } from '../routing/route.ts'
import { Icon } from '../ui/icon.tsx'

/** Leads to the meters whose deletion a run held back. */
export function HeldBackLink({ runId }: { runId: string }) {
  return (
    <a href={addressOf(runId, 'withheld')}>
      See the meters held back
      <Icon name="arrow" />
    </a>
  )
}
