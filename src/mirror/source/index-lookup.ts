/** A node of a plan, as `explain (format json)` returns it. */
type Plan = { Plans?: Plan[]; [property: string]: unknown }

export type Explained = { 'QUERY PLAN': { Plan: Plan }[] }

/**
 * Returns true when the plan compares these external ids only with the keys of an index. The condition is inside the query,
 * where the planner may evaluate it before the conditions that exclude rows whose id cannot be computed. An index compares
 * stored keys only.
 */
export function findsThroughIndex(explained: Explained | undefined, externalIds: string): boolean {
  const plan = explained?.['QUERY PLAN'][0]?.Plan
  const conditions = plan ? conditionsWith(plan, externalIds.slice(1, 40)) : []
  return (
    conditions.includes('Index Cond') && conditions.every((name) => name === 'Index Cond' || name === 'Recheck Cond')
  )
}

/** Returns the names of the properties of the plan's nodes that contain this text. */
function conditionsWith({ Plans = [], ...node }: Plan, text: string): string[] {
  const own = Object.entries(node).flatMap(([name, value]) =>
    typeof value === 'string' && value.includes(text) ? name : [],
  )
  return [...own, ...Plans.flatMap((below) => conditionsWith(below, text))]
}
