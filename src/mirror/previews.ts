import type { ClientSystem } from '../config/environment.ts'
import { AgentError } from '../lib/errors.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { unlessAborted } from '../lib/timeout.ts'
import type { Preview } from '../wire/types.ts'
import { type PreviewOptions, previewSync } from './preview.ts'

/**
 * Computes previews; simultaneous requests for a Client System share one. `signal` ends the waiting of one caller. A preview
 * that no caller waits for any more is cancelled, at the Client System too. A stop cancels all previews.
 */
export type Previews = Lifetime & {
  preview: (clientSystem: ClientSystem, signal?: AbortSignal) => Promise<Preview>
}

type UnderWay = { answer: Promise<Preview>; waiting: number; ending: AbortController }

export function createPreviews(options: Omit<PreviewOptions, 'signal'>): Previews {
  const underWay = new Map<string, UnderWay>()

  const end = (id: string, preview: UnderWay, reason: AgentError) => {
    if (underWay.get(id) === preview) underWay.delete(id)
    preview.ending.abort(reason)
  }
  const begin = (clientSystem: ClientSystem): UnderWay => {
    const { id } = clientSystem
    const ending = new AbortController()
    const answer = previewSync(clientSystem, { ...options, signal: ending.signal }).finally(() => {
      if (underWay.get(id) === begun) underWay.delete(id)
    })
    const begun: UnderWay = { answer, waiting: 0, ending }
    underWay.set(id, begun)
    return begun
  }
  const preview: Previews['preview'] = async (clientSystem, signal) => {
    const shared = underWay.get(clientSystem.id) ?? begin(clientSystem)
    shared.waiting++
    try {
      return await (signal ? unlessAborted(signal, shared.answer) : shared.answer)
    } finally {
      if (--shared.waiting === 0) end(clientSystem.id, shared, abandoned())
    }
  }
  return withLifetime({ preview }, () => {
    for (const [id, begun] of underWay) end(id, begun, stopped())
  })
}

function abandoned(): AgentError {
  return new AgentError('cancelled', 'No client waits for the preview any more')
}

function stopped(): AgentError {
  return new AgentError('shutting_down', 'The agent was stopped while the preview was being computed', {
    hint: 'Try again when the agent has started',
  })
}
