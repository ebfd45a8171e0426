import {
  bigint,
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  sql,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from './drizzle.ts'
import type { StoredRejectedBecause } from './reasons.ts'

/** Text that is compared byte by byte. Pages of a list rely on this order, which is then the same on every server. */
const collatedText = customType<{ data: string }>({ dataType: () => 'text collate "C"' })

/** Text in natural order, without regard to case before all else; on a server without ICU in the order of its bytes. */
const naturalText = customType<{ data: string }>({ dataType: () => 'text collate "sync"."natural_order"' })

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** A timestamp with milliseconds, as on the wire, so that a cursor made from it identifies exactly one row. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })
const count = (name: string) => bigint(name, { mode: 'number' })

export const sync = pgSchema('sync')

/**
 * One row for each configured Client System. A successful run writes its baseline here, in its own transaction:
 * `meters_…` are counts; `source_fingerprint` identifies what was read (server, query, columns); `content_digest` is the
 * xor of `whole_hash` over the present meters, by which the next run detects changes by others; `same_meters_as` is an
 * older Client System that has the same meters.
 */
export const clientSystem = sync.table('client_system', {
  id: text().primaryKey(),
  name: text().notNull(),
  metersTotal: count('meters_total').notNull().default(0),
  metersActive: count('meters_active').notNull().default(0),
  sourceFingerprint: text('source_fingerprint'),
  contentDigest: bigint('content_digest', { mode: 'bigint' }),
  sameMetersAs: text('same_meters_as'),
  /** The expected interval of meters whose own is not known (READING_INTERVAL_MINUTES). */
  readingIntervalSeconds: integer('reading_interval_seconds').notNull().default(3_600),
  /** The last run that changed meters, and the last one whose changes are in `meter_listing`. */
  changedRunId: uuid('changed_run_id'),
  listedRunId: uuid('listed_run_id'),
  createdAt: time('created_at').notNull().defaultNow(),
})

/** One row. `hash_salt` seeds the hashes of rows. Without it, values could be chosen that give two rows the same hash. */
export const installation = sync.table('installation', {
  id: integer().primaryKey().default(1),
  hashSalt: bigint('hash_salt', { mode: 'bigint' }).notNull(),
})

/** One row. Its lock makes the order of revisions the order of commits. */
export const revisionCounter = sync.table('revision_counter', {
  id: integer().primaryKey(),
  value: count('value').notNull(),
})

/**
 * The mirrored meters. `active` is false when the Client System says so or when it no longer has the meter; only in the
 * second case `removed_at` is set. There are no foreign keys, because a check for each row would double the time of a
 * first load. `id_hash` and `row_hash` are the hashes of the row in the Client System, computed there when it was read.
 * `whole_hash` covers the columns of this table, including those two, and is computed by this server at every write.
 */
export const meter = sync.table(
  'meter',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    clientSystemId: text('client_system_id').notNull(),
    externalId: collatedText('external_id').notNull(),
    name: text().notNull(),
    serialNumber: text('serial_number'),
    kind: text(),
    unit: text(),
    location: text(),
    ipAddress: text('ip_address'),
    port: integer(),
    attributes: jsonb().notNull(),
    active: boolean().notNull(),
    removedAt: time('removed_at'),
    createdAt: time('created_at').notNull().defaultNow(),
    updatedAt: time('updated_at').notNull().defaultNow(),
    createdRunId: uuid('created_run_id').notNull(),
    lastRunId: uuid('last_run_id').notNull(),
    idHash: bigint('id_hash', { mode: 'bigint' }),
    rowHash: bigint('row_hash', { mode: 'bigint' }),
    wholeHash: bigint('whole_hash', { mode: 'bigint' }).generatedAlwaysAs(
      sql`hash_record_extended(row(external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes::text, id_hash, row_hash), 0)`,
    ),
  },
  (table) => [
    uniqueIndex('meter_external_id').on(table.clientSystemId, table.externalId),
    // The proof covers only present meters, so a removed one must not become active by another program.
    check('meter_removed_inactive', sql`${table.removedAt} is null or not ${table.active}`),
  ],
)

/**
 * What lists of meters are searched and sorted by: a copy of `meter`, because these indexes would double the time of a run.
 * A run writes it when it changed few meters; otherwise it is corrected afterwards (src/meters/update-listing.ts). Texts are cut,
 * because an index entry holds 2,704 bytes at most. `words` has what a search looks at, and its index needs the extension
 * pg_trgm, so no migration creates it (src/db/search-index.ts). `whole_hash` shows which copies are outdated.
 */
export const meterListing = sync.table(
  'meter_listing',
  {
    meterId: bigint('meter_id', { mode: 'number' }).primaryKey(),
    clientSystemId: text('client_system_id').notNull(),
    externalId: naturalText('external_id').notNull(),
    name: naturalText().notNull(),
    location: naturalText().notNull(),
    kind: collatedText().notNull(),
    active: boolean().notNull(),
    updatedAt: time('updated_at').notNull(),
    words: collatedText().notNull(),
    /** The external id and the serial number without case. */
    idText: collatedText('id_text').notNull(),
    serialText: collatedText('serial_text').notNull(),
    wholeHash: bigint('whole_hash', { mode: 'bigint' }).notNull(),
  },
  (table) => [
    index('meter_listing_external_id').on(table.clientSystemId, table.externalId),
    index('meter_listing_name').on(table.clientSystemId, table.name, table.externalId),
    index('meter_listing_location').on(table.clientSystemId, table.location, table.externalId),
    index('meter_listing_updated').on(table.clientSystemId, table.updatedAt, table.externalId),
    index('meter_listing_kind').on(table.clientSystemId, table.kind),
    index('meter_listing_inactive').on(table.clientSystemId, table.externalId).where(sql`not active`),
    index('meter_listing_id_text').on(table.clientSystemId, table.idText),
    index('meter_listing_serial_text').on(table.clientSystemId, table.serialText),
  ],
)

export const meterReading = sync.table(
  'meter_reading',
  {
    meterId: bigint('meter_id', { mode: 'number' })
      .notNull()
      .references(() => meter.id),
    quantity: text().notNull(),
    readAt: timestamp('read_at', { withTimezone: true }).notNull(),
    value: numeric().notNull(),
    unit: text(),
  },
  (table) => [
    primaryKey({ columns: [table.meterId, table.quantity, table.readAt] }),
    index('meter_reading_newest').on(table.meterId, table.readAt, table.quantity),
  ],
)

/**
 * Readings of meters that are not known yet; the run that inserts a meter stores them. The first value of a quantity and time
 * stays. The quantity is hashed in the index, because an index entry holds 2,704 bytes at most.
 */
export const waitingReading = sync.table(
  'waiting_reading',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    clientSystemId: text('client_system_id').notNull(),
    externalId: collatedText('external_id').notNull(),
    quantity: text().notNull(),
    readAt: timestamp('read_at', { withTimezone: true }).notNull(),
    value: numeric().notNull(),
    unit: text(),
    receivedAt: time('received_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('waiting_reading_key').on(
      table.clientSystemId,
      table.externalId,
      sql`md5(${table.quantity})`,
      table.readAt,
    ),
  ],
)

/**
 * The time of each meter's last reading; a meter without a row was never read. A trigger on `meter_reading` writes it,
 * whichever program stores readings. A reading from the future counts as read when it arrived. `late_at` and `silent_at`
 * are two and six expected intervals after the last reading. `active` and `interval_seconds` are copies, because counting
 * a million meters with a join takes too long; src/collection/correct-copies.sql corrects them after a run.
 */
export const meterCollection = sync.table(
  'meter_collection',
  {
    meterId: bigint('meter_id', { mode: 'number' }).primaryKey(),
    lastReadAt: timestamp('last_read_at', { withTimezone: true }).notNull(),
    lateAt: timestamp('late_at', { withTimezone: true }).notNull(),
    silentAt: timestamp('silent_at', { withTimezone: true }).notNull(),
    intervalSeconds: integer('interval_seconds').notNull(),
    active: boolean().notNull(),
    clientSystemId: text('client_system_id').notNull(),
  },
  // Inactive meters are few and counted apart. This index has no entry for the others, so readings do not write it.
  (table) => [index('meter_collection_inactive').on(table.clientSystemId).where(sql`not active`)],
)

/**
 * The last state that was reported by webhook (src/alerts/decide.ts). `revision` is that of the last run that was considered.
 */
export const alert = sync.table('alert', {
  clientSystemId: text('client_system_id').primaryKey(),
  failing: boolean().notNull().default(false),
  stale: boolean().notNull().default(false),
  withheld: count('withheld').notNull().default(0),
  /** The number of silent meters that was last reported; 0 while it is below the limit. */
  silent: count('silent').notNull().default(0),
  revision: count('revision').notNull().default(-1),
  /** The digest of the held-back deletions that were last reported. */
  withheldDigest: text('withheld_digest'),
})

/**
 * Held-back deletions that a person has looked at and keeps for now. `digest` is the `withheld_digest` of the run that held
 * them back. The next run that succeeds and holds back others, or none, deletes the row (src/runs/store.ts).
 */
export const keptDeletions = sync.table('kept_deletions', {
  clientSystemId: text('client_system_id').primaryKey(),
  digest: text().notNull(),
  note: text().notNull(),
  keptBy: text('kept_by'),
  keptAt: time('kept_at').notNull().defaultNow(),
})

/**
 * One sync operation; its id is that of the pg-boss job. Only `id` may have a unique index without a condition. With
 * another one, the foreign-key lock of a child row would conflict with the update of the phase.
 */
export const run = sync.table(
  'run',
  {
    id: uuid().primaryKey(),
    clientSystemId: text('client_system_id').notNull(),
    trigger: text().notNull(),
    requestedBy: text('requested_by'),
    full: boolean().notNull().default(false),
    /** Approves all deletions of this run when there are at most this many, otherwise none. */
    approveDeletes: integer('approve_deletes'),
    /** The digest of the meters that the approval is for; null where it is for any that are missing. */
    approveDigest: text('approve_digest'),
    status: text().notNull(),
    phase: text(),
    queuedAt: time('queued_at').notNull().defaultNow(),
    startedAt: time('started_at'),
    finishedAt: time('finished_at'),
    read: count('read'),
    inserted: count('inserted'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    rejected: count('rejected'),
    restored: count('restored'),
    deleted: count('deleted'),
    withheld: count('withheld'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    errorHint: text('error_hint'),
    readMode: text('read_mode'),
    readReason: text('read_reason'),
    withheldBecause: text('withheld_because'),
    /** The digest of the ids of the meters whose deletion was withheld. */
    withheldDigest: text('withheld_digest'),
    rejectedBecause: jsonb('rejected_because').$type<StoredRejectedBecause>(),
    proofRows: count('proof_rows'),
    proofDigest: text('proof_digest'),
    bytesRead: count('bytes_read'),
    timings: jsonb().$type<Record<string, number>>(),
    revision: count('revision').notNull(),
  },
  (table) => [
    uniqueIndex('run_active').on(table.clientSystemId).where(sql`status in ('queued', 'running')`),
    index('run_queued_at').on(table.clientSystemId, table.queuedAt, table.id),
    index('run_revision').on(table.revision),
    // Most runs succeed. Without this index, finding the last failure would read all of them.
    index('run_failed').on(table.clientSystemId, table.revision).where(sql`status in ('failed', 'interrupted')`),
  ],
)

/** Updates, deletions, restorations and withheld deletions. Insertions are found by `meter.created_run_id`. */
export const meterChange = sync.table(
  'meter_change',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    meterId: bigint('meter_id', { mode: 'number' }).notNull(),
    externalId: collatedText('external_id').notNull(),
    operation: text().notNull(),
    at: time('at').notNull().defaultNow(),
    before: jsonb(),
    after: jsonb(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.externalId] }),
    index('meter_change_meter').on(table.meterId, table.at),
  ],
)

/** The first 1,000 rejected rows of a run, with values cut to 1 kB. */
export const rejectedRow = sync.table(
  'rejected_row',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    runId: uuid('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    externalId: text('external_id'),
    reason: text().notNull(),
    row: jsonb().notNull(),
  },
  (table) => [index('rejected_row_run').on(table.runId, table.id)],
)

/**
 * Tokens for the API. `hash` is the SHA-256 of the token; the token itself is stored nowhere. A row stays after it is
 * revoked: while the table has any row, HTTP requires a token.
 */
export const accessToken = sync.table(
  'access_token',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    name: text().notNull(),
    hash: bytea('hash').notNull(),
    scopes: text().array().notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
    expiresAt: time('expires_at'),
    lastUsedAt: time('last_used_at'),
    revokedAt: time('revoked_at'),
  },
  (table) => [
    uniqueIndex('access_token_name').on(table.name).where(sql`revoked_at is null`),
    uniqueIndex('access_token_hash').on(table.hash),
  ],
)

/** Login sessions of browsers. `hash` is the hash of the cookie; `token_id` is null for a login with AUTH_TOKEN. */
export const loginSession = sync.table('login_session', {
  hash: bytea('hash').primaryKey(),
  tokenId: bigint('token_id', { mode: 'number' }).references(() => accessToken.id, { onDelete: 'cascade' }),
  createdAt: time('created_at').notNull().defaultNow(),
  expiresAt: time('expires_at').notNull(),
})
