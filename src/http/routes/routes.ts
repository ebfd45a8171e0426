import { assistantRoutes } from './assistants.ts'
import { collectionRoutes } from './collection.ts'
import { keptDeletionRoutes } from './kept-deletions.ts'
import { meterRoutes } from './meters.ts'
import { readingRoutes } from './readings.ts'
import type { Route } from './route.ts'
import { runRoutes } from './runs.ts'
import { serviceRoutes } from './service.ts'
import { sessionRoutes } from './session.ts'
import { settingsRoutes } from './settings.ts'
import { syncRoutes } from './sync.ts'

/** Every route of the agent, in the order of its description. */
export const routes: readonly Route[] = [
  ...syncRoutes,
  ...keptDeletionRoutes,
  ...runRoutes,
  ...meterRoutes,
  ...readingRoutes,
  ...collectionRoutes,
  ...settingsRoutes,
  ...sessionRoutes,
  ...serviceRoutes,
  ...assistantRoutes,
]

const methods = routes.map(({ operation: { path, method } }) => ({
  method: method.toUpperCase(),
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace('{id}', '[^/]+')}/?$`),
}))

/** Returns the methods of the routes at a path, in upper case; none for an unknown path. */
export function methodsOf(path: string): string[] {
  return [...new Set(methods.flatMap(({ method, pattern }) => (pattern.test(path) ? [method] : [])))]
}
