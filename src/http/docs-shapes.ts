import { html } from 'hono/html'
import type { Schema } from './openapi-types.ts'

type Html = ReturnType<typeof html>

/** Returns the anchor of a shape on the page. */
export function anchor(name: string): string {
  return `shape-${name}`
}

/** Returns the type of a value in a few words. A named shape becomes a link. */
export function shapeType(schema: Schema): Html {
  const choices = schema.anyOf?.filter((one) => typeof one === 'object')
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return html`<a href="#${anchor(name)}">${name}</a>`
  }
  if (choices) return html`${choices.map((one, at) => html`${at > 0 ? ' or ' : ''}${shapeType(one)}`)}`
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`
  if (schema.enum) {
    return html`${schema.enum.map((one, at) => html`${at > 0 ? ' · ' : ''}<code>${String(one)}</code>`)}${defaultOf(schema)}`
  }
  if (schema.type === 'array') {
    const { items } = schema
    return html`list of ${items && typeof items === 'object' && !Array.isArray(items) ? shapeType(items) : 'anything'}`
  }
  const types = [schema.type ?? 'anything'].flat().join(' or ')
  return html`${types}${schema.format === undefined ? '' : ` (${schema.format})`}${range(schema)}${defaultOf(schema)}`
}

function range({ minimum, maximum, maxLength }: Schema): string {
  if (maxLength !== undefined) return `, at most ${maxLength.toLocaleString('en')} characters`
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum.toLocaleString('en')}`
  return minimum === undefined ? '' : `, at least ${minimum}`
}

function defaultOf({ default: value }: Schema): string {
  return value === undefined ? '' : `, default ${String(value)}`
}

/** Returns the fields of an object, and of objects without a name within it. */
export function shapeFields(schema: Schema): Html | '' {
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return ''
  return html`<dl class="fields">${fields.map(([name, field]) =>
    typeof field === 'object' ? renderField(name, field, schema.required?.includes(name) ?? false) : '',
  )}</dl>`
}

function renderField(name: string, field: Schema, required: boolean): Html {
  const inner = typeof field.items === 'object' && !Array.isArray(field.items) ? field.items : field
  return html`<div>
    <dt><code>${name}</code>${required ? '' : html` <span class="quiet">optional</span>`}</dt>
    <dd>${shapeType(field)}${field.description === undefined ? '' : html`<br />${field.description}`}${shapeFields(inner ?? field)}</dd>
  </div>`
}
