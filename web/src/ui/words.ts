/** The words on screen for the words on the wire. */
import type { ChangeOperation, Phase, Run, RunStatus, Trigger } from '../../../src/wire/types.ts'
import type { IconName } from './drawings.ts'

export const phaseWords: Record<Phase, { short: string; doing: string }> = {
  connecting: { short: 'Connect', doing: 'Connecting to the Client System' },
  reading: { short: 'Read', doing: 'Reading from the Client System' },
  comparing: { short: 'Compare', doing: 'Comparing with the Sync database' },
  applying: { short: 'Apply', doing: 'Applying the changes' },
  proving: { short: 'Prove', doing: 'Proving that both sides are equal' },
}

export const readModeWords: Record<NonNullable<Run['readMode']>, string> = {
  full: 'Full',
  narrow: 'Incremental',
}

export const outcomeWords: Record<RunStatus, { word: string; icon: IconName; tone: Tone }> = {
  queued: { word: 'Queued', icon: 'queued', tone: 'accent' },
  running: { word: 'Running', icon: 'running', tone: 'accent' },
  succeeded: { word: 'Succeeded', icon: 'check', tone: 'good' },
  failed: { word: 'Failed', icon: 'cross', tone: 'bad' },
  cancelled: { word: 'Cancelled', icon: 'stop', tone: 'quiet' },
  interrupted: { word: 'Interrupted', icon: 'broken', tone: 'bad' },
}

export type Tone = 'good' | 'bad' | 'attention' | 'accent' | 'quiet'

export const triggerWords: Record<Trigger, string> = {
  startup: 'Start-up',
  schedule: 'Schedule',
  manual: 'Manual',
  mcp: 'Assistant (MCP)',
  cli: 'Command line',
  readings: 'Readings of a new meter',
}

export const operationWords: Record<ChangeOperation, { word: string; would: string; icon: IconName; tone: Tone }> = {
  insert: { word: 'Inserted', would: 'Insert', icon: 'plus', tone: 'good' },
  update: { word: 'Updated', would: 'Update', icon: 'pencil', tone: 'accent' },
  delete: { word: 'Deleted', would: 'Delete', icon: 'minus', tone: 'bad' },
  restore: { word: 'Restored', would: 'Restore', icon: 'back', tone: 'good' },
  withheld: { word: 'Held back', would: 'Hold back', icon: 'hand', tone: 'attention' },
}

/** Returns who or what requested a run, as part of a sentence: "by the schedule", "by hand". */
export function requestedBy(run: Run): string {
  const by: Record<Trigger, string> = {
    startup: 'at agent start',
    schedule: 'by the schedule',
    manual: run.requestedBy === null ? 'by hand' : `by ${run.requestedBy}`,
    mcp: 'by an assistant',
    cli: 'from the command line',
    readings: 'for readings of a meter that was not known',
  }
  return by[run.trigger]
}
