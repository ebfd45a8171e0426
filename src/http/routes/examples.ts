/**
 * Examples for the description of the API. All are of one sync: it found a changed meter, a new one, and one that was
 * removed.
 */
export * from './examples/collection.ts'
export * from './examples/meters.ts'
export * from './examples/readings.ts'
export * from './examples/runs.ts'
export * from './examples/service.ts'
