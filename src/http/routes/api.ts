import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { z } from 'zod'
import type { Agent } from '../../agent.ts'
import { AgentError, NotFoundError } from '../../lib/errors.ts'
import { cursorText } from '../../wire/cursors.ts'
import type { Asking } from '../auth/origin.ts'
import { problem } from '../problems.ts'
import { answerReadings, createParseReadings } from '../readings.ts'
import { body, bodyBytes, createLimit, query } from '../requests.ts'
import type { Streams } from '../stream.ts'
import {
  changesQuery,
  collectionQuery,
  historyQuery,
  meterId,
  metersQuery,
  noBody,
  noQuery,
  previewBody,
  readingsQuery,
  rejectedQuery,
  runId,
  runsQuery,
  syncBody,
} from './inputs.ts'

/** Readings of a larger body take many times its memory: only a few such bodies are processed at once. */
const largeBytes = 1_024 * 1_024

/** The routes under `/api`, each a thin adapter over the agent. */
export function createApi(agent: Agent, streams: Streams) {
  const api = new Hono<Asking>()
  const parseReadings = createParseReadings()
  const largeBodies = createLimit(2)

  api.get('/status', async (c) => c.json(await agent.status()))

  api.post('/sync', async (c) => {
    const { clientSystemId = null, full = false, approveDeletes = null } = await body(c, syncBody)
    const request = {
      clientSystemId,
      full,
      approveDeletes,
      trigger: 'manual',
      requestedBy: c.get('login').name,
    } as const
    const { run, created } = await agent.trigger(request)
    c.header('Location', `/api/runs/${run.id}`)
    if (created) return c.json({ run }, 202)
    const hint = 'Follow the active run; a new one can start when it has ended'
    return problem(c, new AgentError('run_active', 'A sync of this Client System is active', { hint }), { run })
  })

  api.post('/preview', async (c) => {
    const { clientSystemId = null } = await body(c, previewBody)
    const answer = await agent.preview(clientSystemId, c.req.raw.signal)
    if ('preview' in answer) return c.json(answer.preview)
    const hint = 'A preview compares with meters at rest; ask again when the run has ended'
    return problem(c, new AgentError('run_active', 'A sync of this Client System is active', { hint }), {
      run: answer.active,
    })
  })

  api.get('/runs', async (c) => {
    const { clientSystemId = null, status = null, before, limit } = query(c, runsQuery)
    const { items, next } = await agent.runs({ clientSystemId, status, before, limit })
    return c.json({ runs: items, next: cursorText(next) })
  })

  api.get('/runs/:id', async (c) => {
    query(c, noQuery)
    return c.json(await agent.run(id(c.req.param('id'), runId, 'run')))
  })

  api.post('/runs/:id/cancel', async (c) => {
    await body(c, noBody)
    const { run, cancelled } = await agent.cancel(id(c.req.param('id'), runId, 'run'))
    if (cancelled) return c.json({ run }, 202)
    const hint = 'A finished run stays as it is'
    return problem(c, new AgentError('run_finished', `The run has ${run.status}`, { hint }), { run })
  })

  api.get('/runs/:id/changes', async (c) => {
    const { operation = null, after, limit } = query(c, changesQuery)
    const { items, next } = await agent.changes(id(c.req.param('id'), runId, 'run'), { operation, after, limit })
    return c.json({ changes: items, next: cursorText(next) })
  })

  api.get('/runs/:id/rejected', async (c) => {
    const { after, limit } = query(c, rejectedQuery)
    const { items, next } = await agent.rejected(id(c.req.param('id'), runId, 'run'), { after: after ?? 0, limit })
    return c.json({ rejected: items, next: cursorText(next) })
  })

  api.get('/meters', async (c) => {
    const { clientSystemId = null, q, state, kind = null, location = null, ...rest } = query(c, metersQuery)
    const { collection = null, after, limit } = rest
    const filter = { clientSystemId, search: q || null, state, kind, location, collection, after, limit }
    const { items, total, next } = await agent.meters(filter)
    return c.json({ meters: items, total, next: cursorText(next) })
  })

  api.get('/meters/:id', async (c) => {
    query(c, noQuery)
    return c.json(await agent.meter(id(c.req.param('id'), meterId, 'meter')))
  })

  api.get('/meters/:id/history', async (c) => {
    const { before, limit } = query(c, historyQuery)
    const { items, next } = await agent.history(id(c.req.param('id'), meterId, 'meter'), { before, limit })
    return c.json({ changes: items, next: cursorText(next) })
  })

  api.get('/meters/:id/readings', async (c) => {
    const { from = null, to = null, before, limit } = query(c, readingsQuery)
    const { items, next } = await agent.readings(id(c.req.param('id'), meterId, 'meter'), { from, to, before, limit })
    return c.json({ readings: items, next: cursorText(next) })
  })

  api.get('/collection', async (c) => {
    const { clientSystemId = null } = query(c, collectionQuery)
    return c.json(await agent.collection(clientSystemId))
  })

  api.post('/readings', async (c) => {
    query(c, noQuery)
    const bytes = await bodyBytes(c)
    using _place = bytes.length > largeBytes ? await largeBodies.enter() : null
    const { readings, rejected: unreadable } = await parseReadings(bytes)
    const { rejected: unknown, ...counts } = await agent.storeReadings(readings)
    const byLine = (one: { line: number }, other: { line: number }) => one.line - other.line
    return answerReadings(c, counts, unknown.length > 0 ? [...unreadable, ...unknown].sort(byLine) : unreadable)
  })

  api.get('/events', async (c) => {
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    const seen = c.req.header('last-event-id') ?? ''
    await streams.open(c.env.outgoing, /^\d{1,15}$/.test(seen) ? Number(seen) : null)
    return RESPONSE_ALREADY_SENT
  })

  return api
}

/** An id that cannot be one names nothing: 404, as for one that is not there. */
function id<T>(text: string, schema: z.ZodType<T, string>, what: 'run' | 'meter'): T {
  const parsed = schema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new NotFoundError(what, text)
}
