import { parseArgs } from 'node:util'
import { requireKnown } from './known-arguments.ts'
import type { SyncRequest } from './sync.ts'
import { parseTokenCommand, type TokenCommand } from './token-arguments.ts'

export type Command =
  | { name: 'help' | 'version' | 'serve' | 'check' | 'migrate' | 'mcp' }
  | { name: 'status'; json: boolean; check: boolean }
  | { name: 'preview'; json: boolean; clientSystemId: string | null }
  | { name: 'sync'; json: boolean; request: SyncRequest }
  | { name: 'cancel'; json: boolean; clientSystemId: string | null }
  | { name: 'alerts'; json: boolean }
  | { name: 'token'; command: TokenCommand }

/** The options that each command accepts. */
const optionsOf: Record<string, readonly string[]> = {
  serve: [],
  check: [],
  migrate: [],
  mcp: [],
  status: ['json', 'check'],
  cancel: ['json', 'client-system'],
  sync: ['json', 'client-system', 'full', 'approve-deletes', 'digest', 'preview'],
  alerts: ['json'],
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

/** Parses the arguments of the process. Throws an Error that names the invalid argument. */
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
  if (!allowed || !acceptsWords(name, rest)) throw new Error(`Unknown command: ${positionals.join(' ')}`)
  for (const [option, value] of Object.entries(values)) {
    if (value !== false && !allowed.includes(option)) throw new Error(`${name} does not accept --${option}`)
  }
  const { json } = values
  const clientSystemId = values['client-system'] ?? null
  if (name === 'sync' && values.preview) {
    if (values.full || values['approve-deletes'] !== undefined || values.digest !== undefined)
      throw new Error('--preview cannot be combined with --full, --approve-deletes or --digest')
    return { name: 'preview', json, clientSystemId }
  }
  if (name === 'sync') return { name, json, request: { clientSystemId, ...parseSync(values) } }
  if (name === 'token') return { name, command: parseTokenCommand(rest, values) }
  if (name === 'alerts') return { name, json }
  if (name === 'cancel') return { name, json, clientSystemId }
  if (name === 'status') return { name, json, check: values.check }
  return { name: name === 'migrate' || name === 'mcp' || name === 'check' ? name : 'serve' }
}

/** Returns true when a command accepts these words after its name. Those of `token` are parsed later. */
function acceptsWords(command: string, words: string[]): boolean {
  return command === 'token' || words.join(' ') === (command === 'alerts' ? 'test' : '')
}

type SyncOptions = { full: boolean; 'approve-deletes'?: string | undefined; digest?: string | undefined }

function parseSync(values: SyncOptions): Omit<SyncRequest, 'clientSystemId'> {
  const approveDeletes = parseCount('--approve-deletes', values['approve-deletes'])
  const approveDigest = values.digest ?? null
  if (approveDigest !== null && approveDeletes === null) throw new Error('--digest requires --approve-deletes')
  return { full: values.full, approveDeletes, approveDigest }
}

function parseCount(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Error(`${option}: expected a whole number from 0 to 999999999`)
}
