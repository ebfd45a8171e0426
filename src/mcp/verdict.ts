import { z } from 'zod'
import { conditionOf, conditionWords, verdictOf } from '../wire/condition.ts'
import { conditions } from '../wire/lists.ts'
import { clientSystemStatus, status } from '../wire/schemas.ts'
import type { ClientSystemStatus, Status } from '../wire/types.ts'

const verdict = z
  .object({
    condition: z.enum(conditions),
    words: z.string().describe('The headline of the Sync Status page'),
    explanation: z.string(),
    nextStep: z.string().nullable().describe('What to do; null when there is nothing to do'),
  })
  .meta({ id: 'Verdict' })

/** The status with a verdict for each Client System. `keptDeletions` is left out, because the explanation has its note. */
export const statusWithVerdicts = status.extend({
  clientSystems: z.array(clientSystemStatus.omit({ keptDeletions: true }).extend({ verdict })),
})

/** Returns the status with the verdict of each Client System at the server's time. */
export function withVerdicts(current: Status): z.infer<typeof statusWithVerdicts> {
  const at = Date.parse(current.serverTime)
  const clientSystems = current.clientSystems.map(({ keptDeletions, ...system }) => ({
    ...system,
    verdict: toVerdict({ ...system, keptDeletions }, at),
  }))
  return { ...current, clientSystems }
}

function toVerdict(system: ClientSystemStatus, at: number): z.infer<typeof verdict> {
  const condition = conditionOf(system, at)
  return { condition, words: conditionWords[condition], ...verdictOf(system, condition) }
}
