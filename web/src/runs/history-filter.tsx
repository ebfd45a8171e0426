import { createContext } from 'preact'
import { triggers } from '../../../src/wire/lists.ts'
import { addressOf, noRunFilter, outcomes, type RunFilter } from '../routing/route.ts'
import { outcomeWords, triggerWords } from '../ui/words.ts'

/** The filter of the run history. Addresses of its runs keep it. */
export const HistoryFilter = createContext<RunFilter>(noRunFilter)

/** The filter of the history by outcome, trigger and day. The address keeps it. */
export function FilterControls({ filter }: { filter: RunFilter }) {
  const go = (change: Partial<RunFilter>) => {
    // The back button leaves the history, not one choice of its filter.
    location.replace(addressOf(null, null, { ...filter, ...change }))
  }
  return (
    <div class="history-filter">
      <FilterSelect
        name="Outcome"
        chosen={filter.outcome}
        options={outcomes.map((value) => ({ value, word: outcomeWords[value].word }))}
        onChoose={(outcome) => go({ outcome })}
      />
      <FilterSelect
        name="Trigger"
        chosen={filter.trigger}
        options={triggers.map((value) => ({ value, word: triggerWords[value] }))}
        onChoose={(trigger) => go({ trigger })}
      />
      <label>
        Day
        <input
          type="date"
          value={filter.day ?? ''}
          onChange={(event) => go({ day: event.currentTarget.value || null })}
        />
      </label>
    </div>
  )
}

type SelectProps<T> = {
  name: string
  chosen: T | null
  options: readonly { value: T; word: string }[]
  onChoose: (value: T | null) => void
}

function FilterSelect<T extends string>({ name, chosen, options, onChoose }: SelectProps<T>) {
  const choose = (text: string) => onChoose(options.find(({ value }) => value === text)?.value ?? null)
  return (
    <label>
      {name}
      <select value={chosen ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">All</option>
        {options.map(({ value, word }) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  )
}
