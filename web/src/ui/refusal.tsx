import type { ApiError } from '../data/requests.ts'
import { sentences } from './format.ts'

/** Shows that a request failed, why, and what to do next. */
export function Refusal({ words, error }: { words: string; error: ApiError }) {
  return (
    <div class="refusal" role="alert">
      <p>
        <strong>{words}</strong> {sentences(error.message)}
      </p>
      {error.hint !== null && <p>{sentences(error.hint)}</p>}
    </div>
  )
}
