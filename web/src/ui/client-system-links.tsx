import type { ClientSystemStatus } from '../../../src/wire/types.ts'

type Props = {
  statuses: readonly ClientSystemStatus[]
  /** The id of the one that is shown. */
  chosen: string
  addressOf: (id: string) => string
}

/** One link for each Client System, where there are several. */
export function ClientSystemLinks({ statuses, chosen, addressOf }: Props) {
  if (statuses.length < 2) return null
  return (
    <nav aria-label="Client System" class="filters">
      {statuses.map(({ id, name }) => (
        <a key={id} href={addressOf(id)} aria-current={id === chosen ? 'true' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  )
}
