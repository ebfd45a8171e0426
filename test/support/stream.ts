import type { Progress, Run, Status, Unavailable } from '../../src/wire/types.ts'

export type StreamEvent = (
  | { type: 'status'; data: Status }
  | { type: 'run'; data: Run }
  | { type: 'progress'; data: Progress }
  | { type: 'unavailable'; data: Unavailable }
) & {
  id: number | null
}

export type Stream = AsyncDisposable &
  AsyncIterable<StreamEvent> & {
    /**
     * Waits for the next event that fits, skips the events before it, and returns it. Throws when the stream ends first, or
     * no such event arrives in time.
     */
    until: (fits: (event: StreamEvent) => boolean, milliseconds?: number) => Promise<StreamEvent>
    /** Waits until the agent ends the stream. Throws when it does not end it in time. */
    ended: (milliseconds?: number) => Promise<void>
    /** All events that have arrived. */
    events: StreamEvent[]
    close: () => void
  }

/** Reads an event stream over a real connection, as a browser does. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  const controller = new AbortController()
  const response = await fetch(url, { headers, signal: controller.signal })
  const { body } = response
  if (!response.ok || !body) throw new Error(`${url} answered ${response.status}`)
  const events: StreamEvent[] = []
  const wake = new Set<() => void>()
  let ended = false
  const reading = (async () => {
    let text = ''
    try {
      for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const event = parse(block)
          if (event) events.push(event)
        }
        for (const call of wake) call()
      }
    } catch {}
    ended = true
    for (const call of wake) call()
  })()

  async function* from(position: number) {
    for (let at = position; ; at++) {
      while (at >= events.length) {
        if (ended) return
        await new Promise<void>((done) => {
          const call = () => {
            wake.delete(call)
            done()
          }
          wake.add(call)
        })
      }
      const event = events[at]
      if (event) yield event
    }
  }
  const close = () => controller.abort()
  let position = 0
  return {
    events,
    close,
    [Symbol.asyncIterator]: () => from(0),
    [Symbol.asyncDispose]: async () => {
      close()
      await reading
    },
    until: async (fits, milliseconds = 20_000) => {
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        close()
      }, milliseconds)
      try {
        for await (const event of from(position)) {
          position++
          if (fits(event)) return event
        }
      } finally {
        clearTimeout(timer)
      }
      const cause = isLate ? `No such event arrived within ${milliseconds} ms` : 'The stream ended first'
      throw new Error(`${cause}; its last events are ${JSON.stringify(events.slice(-5))}`)
    },
    ended: async (milliseconds = 20_000) => {
      const timer = setTimeout(close, milliseconds)
      await reading
      clearTimeout(timer)
      if (controller.signal.aborted) throw new Error(`The agent did not end the stream within ${milliseconds} ms`)
    },
  }
}

function parse(block: string): StreamEvent | null {
  const fields = new Map(
    block
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(':'))
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  const data = fields.get('data')
  if (data === undefined) return null
  const id = fields.get('id')
  return { type: fields.get('event'), id: id === undefined ? null : Number(id), data: JSON.parse(data) } as StreamEvent
}
