import { createContext } from 'preact'
import { latestReadings, type MetersRoute, noMeterFilter } from '../routing/route.ts'

/** The route of the meters view around: addresses within it keep what it has chosen. */
export const Here = createContext<MetersRoute>({
  view: 'meters',
  meterId: null,
  filter: noMeterFilter,
  readings: latestReadings,
})
