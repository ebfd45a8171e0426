import type { z } from 'zod'
import type { Operation } from './routes/operation.ts'

/** The parts of an OpenAPI 3.1 description that this API uses. */

export type Schema = z.core.JSONSchema.BaseSchema
export type Reference = { $ref: string }
export type Media = { schema: Schema; example?: unknown }
export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: Schema
  example?: string | number
}
export type DescribedResponse = {
  description: string
  headers?: Record<string, { description: string; schema: Schema }>
  content?: Record<string, Media>
  /** The data of each event by its name, because OpenAPI 3.1 cannot describe events. */
  'x-events'?: Record<string, Media & { description: string }>
}
export type DescribedOperation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  security: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: { description?: string; required: boolean; content: Record<string, Media> }
  responses: Record<string, DescribedResponse | Reference>
}
export type Description = {
  openapi: '3.1.1'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  paths: Record<string, Partial<Record<Operation['method'], DescribedOperation>>>
  components: {
    schemas: Record<string, Schema>
    responses: Record<string, DescribedResponse>
    securitySchemes: Record<string, Record<string, string>>
  }
}
