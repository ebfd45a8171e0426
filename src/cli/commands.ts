import { parseArgs } from 'node:util'
import type { Agent } from '../agent.ts'
import { conditionOf, conditionWords, settledCondition, standingFailure, verdictOf } from '../wire/condition.ts'
import type { ClientSystemStatus, Counts, RejectedBecause, Run } from '../wire/types.ts'
import { requireKnown } from './suggest.ts'
import { complain, createTeller, number, plural, print, printJson, type Teller } from './terminal.ts'
import { parseTokenCommand, type TokenCommand } from './token.ts'
import { currentUser } from './user.ts'

export const usage = `Keeps a local PostgreSQL database of meters in sync with a remote Client System, and shows it live.

Usage: meter-sync-agent [command]

  serve      runs the agent: schedule, worker, API and Sync Status page (the default)
  check      connects to both databases, describes the query and shows what would be stored and what rejected;
             changes nothing, and exits with 1 when something has to be corrected
  migrate    brings the schema of the Sync database up to this program, then ends
  sync       asks a running agent for a sync and follows it to its end
             --client-system ID   which one; needed only when there are several
             --full               read every meter, not only where something differs
             --preview            tell what a sync would do now, and do nothing
             --approve-deletes N  let all deletions of this run through when there are at most N
             --digest DIGEST      the approval is for the meters of this digest alone (withheldDigest, as sync prints it)
             --json               one line of JSON: the run
  cancel     stops the sync that is active, in both databases; no meter is changed
             --client-system ID   which one; needed only when there are several
             --json               one line of JSON: the run, or null when none was active
  status     shows how the meters stand, and what to do next
             --check              exit status 1 unless every Client System is in sync
             --json               one line of JSON: the status
  token      manages the tokens for the API; a running agent hears of a change at once
             create NAME --scope read,ingest,operate,approve [--expires 90d]
                                  prints a new token once; scopes as needed, expiry in h, d or w
             list                 names, scopes, when created, when they expire, when last used
             revoke NAME          makes a token invalid
             --json               for list: one line of JSON
  mcp        serves an assistant over standard input and output (Model Context Protocol)

  --help     this text
  --version  the version

Configuration is read from the environment and, except by mcp, from .env; .env.example lists every variable. With nothing
of a database, query or schedule set, serve runs a demonstration with databases of its own, unless NODE_ENV=production.

Exit status: 0 done, 1 failed, 2 usage, 74 standard output closed, 75 busy (a sync is active), 78 configuration.
`

export const exit = { done: 0, failed: 1, usage: 2, output: 74, busy: 75, configuration: 78 } as const

export type Command =
  | { name: 'help' | 'version' | 'serve' | 'check' | 'migrate' | 'mcp' }
  | { name: 'status'; json: boolean; check: boolean }
  | { name: 'preview'; json: boolean; clientSystemId: string | null }
  | { name: 'sync'; json: boolean; request: SyncRequest }
  | { name: 'cancel'; json: boolean; clientSystemId: string | null }
  | { name: 'token'; command: TokenCommand }

export type SyncRequest = {
  clientSystemId: string | null
  full: boolean
  approveDeletes: number | null
  approveDigest: string | null
}

const optionsOf: Record<string, readonly string[]> = {
  serve: [],
  check: [],
  migrate: [],
  mcp: [],
  status: ['json', 'check'],
  cancel: ['json', 'client-system'],
  sync: ['json', 'client-system', 'full', 'approve-deletes', 'digest', 'preview'],
  token: ['json', 'scope', 'expires'],
}

const options = {
  help: { type: 'boolean' },
  version: { type: 'boolean' },
  json: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
  preview: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  'client-system': { type: 'string' },
  'approve-deletes': { type: 'string' },
  digest: { type: 'string' },
  scope: { type: 'string' },
  expires: { type: 'string' },
} as const

/** Throws an error that says what is wrong with the arguments. */
export function parseCommand(args: string[]): Command {
  requireKnown(args, { commands: Object.keys(optionsOf), options: Object.keys(options) })
  const { values, positionals } = parseArgs({
    args,
    options,
    allowPositionals: true,
  })
  if (values.help) return { name: 'help' }
  if (values.version) return { name: 'version' }
  const [name = 'serve', ...rest] = positionals
  const allowed = Object.hasOwn(optionsOf, name) ? optionsOf[name] : undefined
  if (!allowed || (rest.length > 0 && name !== 'token')) throw new Error(`Unknown command: ${positionals.join(' ')}`)
  for (const [option, value] of Object.entries(values)) {
    if (value !== false && !allowed.includes(option)) throw new Error(`${name} does not accept --${option}`)
  }
  const { json, full } = values
  if (name === 'sync' && values.preview) {
    if (full || values['approve-deletes'] !== undefined || values.digest !== undefined)
      throw new Error('--preview stands without --full, --approve-deletes and --digest')
    return { name: 'preview', json, clientSystemId: values['client-system'] ?? null }
  }
  if (name === 'sync') {
    const approveDeletes = wholeNumber('--approve-deletes', values['approve-deletes'])
    const approveDigest = values.digest ?? null
    if (approveDigest !== null && approveDeletes === null) throw new Error('--digest needs --approve-deletes')
    return {
      name,
      json,
      request: { clientSystemId: values['client-system'] ?? null, full, approveDeletes, approveDigest },
    }
  }
  if (name === 'token') return { name, command: parseTokenCommand(rest, values) }
  if (name === 'cancel') return { name, json, clientSystemId: values['client-system'] ?? null }
  if (name === 'status') return { name, json, check: values.check }
  return { name: name === 'migrate' || name === 'mcp' || name === 'check' ? name : 'serve' }
}

function wholeNumber(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Error(`${option}: expected a whole number from 0 to 999999999`)
}

/** Tells what a sync would do now. */
export async function preview(
  agent: Agent,
  { clientSystemId, json }: { clientSystemId: string | null; json: boolean },
): Promise<number> {
  const answer = await agent.preview(clientSystemId)
  if (!('preview' in answer)) {
    if (json) printJson(answer.active)
    complain(`A sync of this Client System is active: run ${answer.active.id}. Ask again when it has ended`)
    return exit.busy
  }
  if (json) {
    printJson(answer.preview)
    return exit.done
  }
  const { counts, changes, withheldBecause, withheldDigest, rejectedBecause } = answer.preview
  print(`A sync would now give: ${summary(counts)}`)
  printRejected(counts, rejectedBecause)
  if (withheldBecause !== null) print(`The deletions would be withheld: ${withheldBecause}`)
  tellApproval(counts, withheldDigest)
  for (const { operation, externalId, meter, before, after } of changes) {
    const columns = Object.keys(after ?? {})
    const values = columns.map((name) =>
      before ? `${name}: ${shown(before[name])} → ${shown(after?.[name])}` : `${name}: ${shown(after?.[name])}`,
    )
    const known = after === null && meter !== null ? [meter.name, meter.location ?? ''] : []
    print([operation, externalId, ...known, ...values].join('  ').trimEnd())
  }
  return exit.done
}

function shown(value: unknown): string {
  return JSON.stringify(value ?? null)
}

/** A run that nobody has begun after this long, in milliseconds, has no worker. */
const queuedPatience = 30_000

/** Asks for a run and follows it to its end, or until `signal` ends the following; the run goes on without it. */
export async function sync(
  agent: Agent,
  { request, json }: { request: SyncRequest; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  const { run: asked, created } = await agent.trigger({ ...request, trigger: 'cli', requestedBy: currentUser() })
  if (!created) {
    if (json) printJson(asked)
    complain(`A sync of this Client System is active: run ${asked.id}, ${asked.phase ?? asked.status}`)
    complain('Try again when it has ended; meter-sync-agent status shows it')
    return exit.busy
  }
  const teller = json ? null : createTeller()
  const run = await follow(agent, asked, teller, signal)
  teller?.clear()
  if (json) printJson(run)
  if (run.status === 'succeeded' && run.counts) {
    if (!json) printSuccess(run, run.counts)
    return exit.done
  }
  if (run.finishedAt === null) {
    const waiting = run.status === 'queued' && !signal.aborted
    complain(
      waiting ? `No worker has begun run ${run.id}; it stays queued` : `Run ${run.id} goes on without this command`,
    )
    complain(waiting ? 'Start one: meter-sync-agent serve' : 'meter-sync-agent status shows it')
    return exit.failed
  }
  complain(
    `The sync ${run.status === 'failed' ? 'failed' : `was ${run.status}`}: ${run.error?.message ?? 'no reason is known'}`,
  )
  if (run.error?.hint) complain(run.error.hint)
  return exit.failed
}

/** The run in its latest state: finished, or still queued when no worker began it, or as it was when `signal` came. */
async function follow(agent: Agent, asked: Run, teller: Teller | null, signal: AbortSignal): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let latest = asked
  const see = (run: Run) => {
    if (run.id !== asked.id || (run !== asked && run.revision <= latest.revision)) return
    latest = run
    if (run.status !== 'queued') clearTimeout(patience)
    if (run.finishedAt !== null) resolve()
    else teller?.run(run)
  }
  // What came while the listener was away is not told again: a whole status asks for a fresh look.
  const look = () => void agent.run(asked.id).then(see, () => undefined)
  const patience = setTimeout(resolve, queuedPatience)
  const leave = agent.watch((event) => {
    if (event.type === 'run') see(event.run)
    else if (event.type === 'status') look()
    else if (event.type === 'progress' && event.progress.runId === asked.id) teller?.progress(event.progress)
  })
  const stop = () => resolve()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    see(asked)
    look()
    await promise
    return latest
  } finally {
    leave()
    clearTimeout(patience)
    signal.removeEventListener('abort', stop)
  }
}

function printSuccess(run: Run, counts: Counts): void {
  const { proof, withheldBecause, rejectedBecause } = run
  print(`Synced: ${summary(counts)}`)
  const took = Object.values(run.timings ?? {}).reduce((sum, milliseconds) => sum + milliseconds, 0)
  const proven = proof === null ? '' : `, both sides equal: ${plural(proof.rows, 'meter')}, digest ${proof.digest}`
  print(`Took ${(took / 1_000).toFixed(1)} s${proven}`)
  printRejected(counts, rejectedBecause)
  if (counts.withheld > 0) {
    print(
      `Held back: ${plural(counts.withheld, 'deletion')}, because ${withheldBecause ?? 'they look like an accident'}`,
    )
  }
  tellApproval(counts, run.withheldDigest)
}

function printRejected({ rejected }: Counts, because: RejectedBecause | null): void {
  if (rejected === 0) return
  const example = because?.example == null ? '' : ` (for example external id ${because.example})`
  print(`Rejected: ${plural(rejected, 'row')}${because ? `, most often because ${because.reason}${example}` : ''}`)
}

function tellApproval({ withheld }: Counts, digest: string | null): void {
  if (withheld === 0) return
  const these = digest === null ? '' : ` --digest ${digest}`
  print(`To approve these deletions: meter-sync-agent sync --approve-deletes ${withheld}${these}`)
}

function summary({ read, inserted, updated, deleted }: Pick<Counts, 'read' | 'inserted' | 'updated' | 'deleted'>) {
  return `${number(read)} read, ${number(inserted)} inserted, ${number(updated)} updated, ${number(deleted)} deleted`
}

/** Stops the active sync of a Client System. Where none is active there is nothing to do. */
export async function cancel(
  agent: Agent,
  { clientSystemId, json }: { clientSystemId: string | null; json: boolean },
): Promise<number> {
  const active = await agent.activeRun(clientSystemId)
  const { run, cancelled } = active ? await agent.cancel(active.id) : { run: null, cancelled: false }
  if (json) printJson(run)
  else if (run === null) print('No sync is active')
  else if (cancelled) print(`Run ${run.id} is cancelled; no meter was changed`)
  if (run === null || cancelled) return exit.done
  complain(`Run ${run.id} has ${run.status} before it could be cancelled`)
  return exit.failed
}

/** Shows how the meters stand. With `check` the exit status is 1 unless every Client System is in sync. */
export async function status(agent: Agent, { json, check }: { json: boolean; check: boolean }): Promise<number> {
  const now = await agent.status()
  if (json) printJson(now)
  else for (const clientSystem of now.clientSystems) printClientSystem(clientSystem, Date.parse(now.serverTime))
  const inSync = now.clientSystems.every((system) => settledCondition(system) === 'in-sync')
  return check && !inSync ? exit.failed : exit.done
}

function printClientSystem(system: ClientSystemStatus, now: number): void {
  const { id, name, meters, sameMetersAs, activeRun, lastSuccess, schedule } = system
  const condition = conditionOf(system, now)
  const { explanation, nextStep } = verdictOf(system, condition)
  print(`${name} (${id}): ${conditionWords[condition]}`)
  print(`  ${explanation}`)
  if (nextStep) print(`  Next step  ${nextStep}`)
  print(`  Meters     ${number(meters.active)} active, ${number(meters.inactive)} inactive`)
  const counts = lastSuccess?.counts
  print(
    `  Last sync  ${localTime(lastSuccess?.finishedAt ?? null) ?? 'Never synced'}${counts ? `: ${summary(counts)}` : ''}`,
  )
  if (sameMetersAs !== null) print(`  Same as    ${sameMetersAs} has the same meters; was CLIENT_SYSTEM_ID changed?`)
  if (counts && counts.withheld > 0) print(`  Held back  ${plural(counts.withheld, 'deletion')}`)
  if (counts && counts.rejected > 0) print(`  Rejected   ${plural(counts.rejected, 'row')}`)
  if (activeRun) print(`  Active     run ${activeRun.id}, ${activeRun.phase ?? activeRun.status}`)
  const failure = standingFailure(system)
  if (failure) print(`  Failed     ${localTime(failure.finishedAt)}, ${failure.error?.code}`)
  if (system.workers !== null) print(`  Workers    ${number(system.workers)} alive`)
  if (schedule.nextRunAt) print(`  Next sync  ${localTime(schedule.nextRunAt)}`)
}

const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

/** A time as it is on the clock of this machine, with its zone. */
function localTime(iso: string | null): string | null {
  return iso === null ? null : local.format(new Date(iso))
}
