import { previewAddress } from '../routing/route.ts'

/** Opens the preview. `clientSystemId` is null where there is only one. */
export function PreviewButton({ clientSystemId }: { clientSystemId: string | null }) {
  const go = () => {
    location.hash = previewAddress(clientSystemId)
  }
  return (
    <button type="button" class="button-plain" title="What a sync would do now; nothing is written" onClick={go}>
      Preview
    </button>
  )
}
