import { createRequire } from 'node:module'

/**
 * Loads the query builder as CommonJS. Importing its ES modules takes 240 MB and 0.4 s; `require` of the same modules takes
 * 25 MB and 0.05 s (docs/decisions.md). drizzle-kit evaluates this file without `import.meta`.
 */
const require = createRequire(import.meta.url ?? `file://${process.cwd()}/`)

const builder: typeof import('drizzle-orm') = require('drizzle-orm')
const core: typeof import('drizzle-orm/pg-core') = require('drizzle-orm/pg-core')
const driver: typeof import('drizzle-orm/node-postgres') = require('drizzle-orm/node-postgres')
const files: typeof import('drizzle-orm/migrator') = require('drizzle-orm/migrator')
const migrator: typeof import('drizzle-orm/node-postgres/migrator') = require('drizzle-orm/node-postgres/migrator')

export const { and, count, desc, eq, gt, gte, inArray, lt, min, or, sql } = builder
export const { bigint, boolean, customType, index, integer, jsonb, numeric, pgSchema, primaryKey, text, timestamp } =
  core
export const { check, uniqueIndex, uuid } = core
export const { drizzle } = driver
export const { readMigrationFiles: readMigrations } = files
export const { migrate: applyMigrations } = migrator
