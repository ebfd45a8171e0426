import type { ApiError } from '../data/requests.ts'

/** Shows that a request failed, why, and what to do next. */
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
