/** Every wire schema, for the description of the API and the tools of assistants. */
export * from './basics.ts'
export * from './change.ts'
export * from './collection.ts'
export * from './meter.ts'
export * from './problem.ts'
export * from './run.ts'
export * from './settings.ts'
export * from './status.ts'
