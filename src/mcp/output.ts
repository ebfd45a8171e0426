import { z } from 'zod'

/**
 * Returns a schema whose JSON Schema is short, because every assistant reads the schemas of all tools. Objects stay open, so
 * that a client that validates answers against an older description accepts a new field.
 */
export function describeOutput<Output>(schema: z.ZodType<Output>) {
  const describe = () => {
    // `$schema` names the dialect, which is the default of the protocol.
    const { $schema: _, ...described } = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: 'output',
      override: ({ zodSchema, jsonSchema }) => {
        // The description of the HTTP API lists the codes with their parameters.
        if (reasons.has(z.globalRegistry.get(zodSchema)?.id ?? '')) jsonSchema.properties = { code: { type: 'string' } }
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
        if (jsonSchema.description === 'ISO 8601 in UTC') delete jsonSchema.description
        if (jsonSchema.minimum === 0) delete jsonSchema.minimum
        delete jsonSchema.propertyNames
      },
    })
    return described
  }
  return { '~standard': { ...schema['~standard'], jsonSchema: { input: describe, output: describe } } }
}

const reasons = new Set(['ReadReason', 'Rejection', 'Withheld'])
