import { createContext } from 'preact'
import { latestReadings, type MetersRoute, noMeterFilter } from '../routing/route.ts'

/** The route of the meters view. Addresses of its parts keep what it has chosen. */
export const CurrentRoute = createContext<MetersRoute>({
  view: 'meters',
  meterId: null,
  filter: noMeterFilter,
  readings: latestReadings,
})
