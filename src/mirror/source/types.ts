import { jsonArrayToJsonb, jsonToJsonb, type Server } from './json.ts'

/** Returns the SQL of an expression over a value. */
type Expression = (value: string, server: Server) => string

/** The rules for the values of a type. */
export type ColumnType = {
  /** The family decides whether `port` and `active` can have the type. */
  family: 'boolean' | 'whole' | 'fractional' | 'text' | 'other'
  /** The text that is stored in one of the meter's own columns. */
  text: Expression
  /** The text that is stored among the attributes: that of the value within jsonb. */
  json: Expression
  /** True when `json` parses json. */
  isParsed: boolean
  /**
   * The input of the row hash; null means the stored text. It is the value itself where equal values have one text and all
   * of its bits are hashed. The hash of bigint and timestamps uses only 32 bits.
   */
  hash: Expression | null
  /** The number of bytes of the text; null for types of a few bytes, which are never measured. */
  size: Expression | null
  /** The json text of a value that may hold json within json. It is made without parsing json. */
  nested: Expression | null
  /** The type with which an index compares ids; null where equal values may have several texts. */
  key: string | null
}

const itself = (value: string) => value
const collated = (value: string) => `${value} collate "C"`
const toText = (value: string) => `${value}::text`
const toCollatedText = (value: string) => `${value}::text collate "C"`
const toJson = (value: string) => `to_json(${value})::text`
const toJsonb = (value: string) => `to_jsonb(${value})::text`
const length = (value: string) => `octet_length(${value})`

/** Returns the length of a value's text. A value stored in under 2,000 bytes is measured without computing its text. */
function textLength(value: string): string {
  const stored = `pg_column_size(${value})`
  return `case when ${stored} < 2000 then ${stored} else octet_length(${value}::text) end`
}

/** Returns the text of an address. The address of a host has no mask. */
function addressToText(value: string): string {
  const isHost = `masklen(${value}) = case family(${value}) when 4 then 32 else 128 end`
  return `case when ${isHost} then host(${value}) else ${value}::text end`
}

/** Returns the json of a number. NaN and the infinities become strings, because json has no such numbers. */
function numericToJson(value: string): string {
  const text = toText(value)
  return `case when ${text} in ('NaN', 'Infinity', '-Infinity') then '"' || ${text} || '"' else ${text} end`
}

const other: ColumnType = {
  family: 'other',
  text: toText,
  json: toJsonb,
  isParsed: false,
  hash: null,
  size: textLength,
  nested: null,
  key: null,
}
const short: ColumnType = { ...other, hash: toCollatedText, size: null }
const integer: ColumnType = { ...short, family: 'whole', json: toText }
const float: ColumnType = { ...short, family: 'fractional' }
const text: ColumnType = { ...other, family: 'text', json: toJson, hash: collated, size: length, key: 'text' }
/** An enum, a composite, a type of an extension such as citext, … */
const userType: ColumnType = { ...other, family: 'text', nested: toJson }

/** PostgreSQL's own types. Their oids are the same on every server and never change. */
const builtIn: Record<string, ColumnType & { oid: number }> = {
  bool: { oid: 16, ...short, family: 'boolean', json: toText, hash: itself },
  int2: { oid: 21, ...integer, hash: itself, key: 'smallint' },
  int4: { oid: 23, ...integer, hash: itself, key: 'integer' },
  int8: { oid: 20, ...integer, key: 'bigint' },
  float4: { oid: 700, ...float },
  float8: { oid: 701, ...float },
  numeric: { oid: 1700, ...other, family: 'fractional', json: numericToJson, hash: toCollatedText },
  text: { oid: 25, ...text },
  varchar: { oid: 1043, ...text },
  bpchar: { oid: 1042, ...text, hash: null, key: null },
  bytea: { oid: 17, ...other, hash: itself, size: length },
  uuid: { oid: 2950, ...short, json: toJson, hash: itself, key: 'uuid' },
  date: { oid: 1082, ...short, json: toJson, hash: itself },
  time: { oid: 1083, ...short },
  timetz: { oid: 1266, ...short },
  timestamp: { oid: 1114, ...short, json: toJson },
  timestamptz: { oid: 1184, ...short, json: toJson },
  interval: { oid: 1186, ...short },
  money: { oid: 790, ...short },
  oid: { oid: 26, ...short },
  inet: { oid: 869, ...short, text: addressToText, hash: itself },
  cidr: { oid: 650, ...short },
  macaddr: { oid: 829, ...short },
  json: { oid: 114, ...other, json: jsonToJsonb, isParsed: true, nested: toText },
  'json[]': { oid: 199, ...other, json: jsonArrayToJsonb, isParsed: true, nested: toJson },
  jsonb: { oid: 3802, ...other, json: toText, hash: toCollatedText, nested: toText },
  'jsonb[]': { oid: 3807, ...other, nested: toJson },
}

const byOid = new Map(Object.values(builtIn).map((type) => [type.oid, type]))
const firstUserType = 16_384

/** Returns the rules for the type with this oid. */
export function columnType(oid: number): ColumnType {
  return byOid.get(oid) ?? (oid < firstUserType ? other : userType)
}
