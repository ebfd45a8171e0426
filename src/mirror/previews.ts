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

/** A running preview. `waiting` is the number of its callers. */
type Running = { answer: Promise<Preview>; waiting: number; ending: AbortController }

export function createPreviews(options: Omit<PreviewOptions, 'signal'>): Previews {
  const running = new Map<string, Running>()

  const end = (id: string, preview: Running, reason: AgentError) => {
    if (running.get(id) === preview) running.delete(id)
    preview.ending.abort(reason)
  }
  const begin = (clientSystem: ClientSystem): Running => {
    const { id } = clientSystem
    const ending = new AbortController()
    const answer = previewSync(clientSystem, { ...options, signal: ending.signal }).finally(() => {
      if (running.get(id) === started) running.delete(id)
    })
    const started: Running = { answer, waiting: 0, ending }
    running.set(id, started)
    return started
  }
  const preview: Previews['preview'] = async (clientSystem, signal) => {
    const shared = running.get(clientSystem.id) ?? begin(clientSystem)
    shared.waiting++
    try {
      return await (signal ? unlessAborted(signal, shared.answer) : shared.answer)
    } finally {
      if (--shared.waiting === 0) end(clientSystem.id, shared, abandoned())
    }
  }
  return withLifetime({ preview }, () => {
    for (const [id, started] of running) end(id, started, stopped())
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
