import { z } from 'zod'

/**
 * The shape of an answer, as its tool describes it: the schema without what lengthens the description of the tools and says
 * nothing to an assistant. Objects are left open, so that a client that holds answers against an older description accepts a
 * new field.
 */
export function describeOutput<Output>(schema: z.ZodType<Output>) {
  const describe = () => {
    // The dialect is that of the protocol by default.
    const { $schema: _, ...described } = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: 'output',
      override: ({ zodSchema, jsonSchema }) => {
        if (jsonSchema.minimum === 0) delete jsonSchema.minimum
        delete jsonSchema.propertyNames
        // The API's description lists the codes and their parameters.
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
