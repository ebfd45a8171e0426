import type { ApiError } from '../data/requests.ts'

/** What the page asked for and did not get, and what to do about it. */
export function Refusal({ words, error }: { words: string; error: ApiError }) {
  return (
    <div class="refusal" role="alert">
      <p>
        <strong>{words}</strong> {error.message}
      </p>
      {error.hint !== null && <p>{error.hint}</p>}
    </div>
  )
}
