/** The oids of PostgreSQL's built-in types. They are the same on every server and never change. */
export const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  jsonArray: 199,
  jsonb: 3802,
  jsonbArray: 3807,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
}
export const numeric = { float4: 700, float8: 701, numeric: 1700 }
/** Their text says all of them, and is all that becomes of them. */
export const written = new Set([numeric.numeric, oid.jsonb])
export const textual = new Set([oid.text, oid.bpchar, oid.varchar])
export const whole = new Set([oid.int2, oid.int4, oid.int8])
export const fractional = new Set(Object.values(numeric))
/** bool, integers, oid, floats, date, times, interval, uuid, money, network addresses: a few bytes, whatever they hold. */
export const short = new Set([
  16, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 2950, 790, 869, 650, 829,
])
export const firstUserType = 16_384
/** bool, bytea, int2, int4, date, inet, uuid: equal values have one text, and all of their bits are hashed. */
export const faithful = new Set([oid.bool, oid.bytea, oid.int2, oid.int4, 1082, oid.inet, 2950])
/** text, varchar, char, date, timestamps, uuid: json and jsonb write them alike. */
export const alike = new Set([...textual, 1082, 1114, 1184, 2950])
