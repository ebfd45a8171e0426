import { html } from 'hono/html'
import { anchor, shapeFields, shapeType } from './docs-shapes.ts'
import type { DescribedOperation, DescribedResponse, Description, Media, Parameter, Schema } from './openapi-types.ts'

type Html = ReturnType<typeof html>

/** Returns the description as a page without scripts and inline styles. `origin` is used in the commands for curl. */
export function renderDocs(description: Description, origin: string): Html {
  const { info, components } = description
  const sections = sectionsOf(description, origin)
  return html`<!doctype html>
<html lang="en">
  ${renderHead(info.title)}
  <body>
    <a class="skip" href="#main">Skip to the routes</a>
    <header>
      <h1>${info.title} <span>API ${info.version}</span></h1>
      <p class="links"><a href="/">Sync Status page</a> <a href="/openapi.json">openapi.json</a></p>
    </header>
    <div class="columns">
      ${renderNavigation(sections)}
      <main id="main">
        <section class="about">${info.description.split('\n\n').map((text) => html`<p>${prose(text)}</p>`)}</section>
        ${sections.map((section) => renderSection(description, section))}
        ${renderShapes(components.schemas)}
      </main>
    </div>
  </body>
</html>
`
}

type Described = { path: string; method: string; operation: DescribedOperation; origin: string }
type Section = { name: string; description: string; operations: Described[] }

/** Returns the tags in their order, each with its operations. */
function sectionsOf({ tags, paths }: Description, origin: string): Section[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, origin })),
  )
  return tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }))
}

function renderHead(title: string): Html {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>API · ${title}</title>
    <link rel="icon" type="image/svg+xml" href="/icons/mark.svg" />
    <script src="/theme.js"></script>
    <link rel="stylesheet" href="/docs.css" />
  </head>`
}

function renderNavigation(sections: Section[]): Html {
  return html`<nav aria-label="Routes">
        ${sections.map(
          ({ name, operations }) => html`<h2>${name}</h2>
        <ul>${operations.map(
          ({ path, method, operation }) =>
            html`<li><a href="#${operation.operationId}">${verb(method)} <code>${path}</code></a></li>`,
        )}</ul>`,
        )}
        <h2><a href="#shapes">Shapes</a></h2>
      </nav>`
}

function renderSection(description: Description, { name, description: about, operations }: Section): Html {
  return html`<section aria-labelledby="tag-${name}">
          <h2 id="tag-${name}">${name}</h2>
          <p class="lead">${about}</p>
          ${operations.map((operation) => renderOperation(description, operation))}
        </section>`
}

function renderShapes(schemas: Record<string, Schema>): Html {
  return html`<section aria-labelledby="shapes">
          <h2 id="shapes">Shapes</h2>
          <p class="lead">The named schemas of bodies and answers.</p>
          ${Object.entries(schemas).map(
            ([name, schema]) => html`<article id="${anchor(name)}">
            <h3>${name}</h3>
            ${shapeFields(schema)}
          </article>`,
          )}
        </section>`
}

function renderOperation(description: Description, described: Described): Html {
  const { path, method, operation } = described
  const { operationId, summary, description: about, parameters, requestBody, responses, security } = operation
  const [answers, refusals] = partition(description, responses)
  const body = Object.entries(requestBody?.content ?? {})
  return html`<article id="${operationId}" aria-labelledby="${operationId}-title">
    <h3 id="${operationId}-title">${verb(method)} <code>${path}</code></h3>
    <p class="summary">${summary}${security.length === 0 ? html` <span class="open">no token</span>` : ''}</p>
    ${about === undefined ? '' : html`<p>${prose(about)}</p>`}
    ${parameters ? html`<h4>Parameters</h4><dl class="fields">${parameters.map(renderParameter)}</dl>` : ''}
    ${
      requestBody
        ? html`<h4>Body${requestBody.required ? '' : html` <span class="quiet">optional</span>`}</h4>
    ${requestBody.description === undefined ? '' : html`<p>${prose(requestBody.description)}</p>`}
    ${body.map(([type, media]) => renderMedia(type, media))}`
        : ''
    }
    <h4>Try it</h4>
    <pre><code>${curl(described)}</code></pre>
    <h4>Answers</h4>
    ${answers.map(renderAnswer)}
    <details>
      <summary>Errors<span class="hidden"> of ${method.toUpperCase()} ${path}</span></summary>
      <dl class="fields">${refusals.map(renderRefusal)}</dl>
    </details>
  </article>`
}

/** Splits the responses of an operation into its answers and its errors. */
function partition({ components }: Description, responses: DescribedOperation['responses']) {
  const answers: [status: string, answer: DescribedResponse][] = []
  const refusals: [status: string, answer: DescribedResponse][] = []
  for (const [status, response] of Object.entries(responses)) {
    if (!('$ref' in response)) answers.push([status, response])
    else {
      const answer = components.responses[response.$ref.split('/').at(-1) ?? '']
      if (answer) refusals.push([status, answer])
    }
  }
  return [answers, refusals] as const
}

function renderParameter({ name, in: place, required, description, schema }: Parameter): Html {
  return html`<div>
    <dt><code>${name}</code> <span class="quiet">${place}${required ? ', required' : ''}</span></dt>
    <dd>${shapeType(schema)}${description === undefined ? '' : html`<br />${prose(description)}`}</dd>
  </div>`
}

function renderAnswer([status, { description, headers = {}, content = {}, 'x-events': events = {} }]: [
  string,
  DescribedResponse,
]): Html {
  return html`<p><span class="status">${status}</span> ${prose(description)}</p>
    ${Object.keys(headers).length === 0 ? '' : renderHeaders(headers)}
    ${Object.entries(content).map(([type, media]) => renderMedia(type, media))}
    ${
      Object.keys(events).length === 0
        ? ''
        : html`<dl class="fields">${Object.entries(events).map(
            ([name, { description, schema }]) => html`<div>
      <dt><code>${name}</code> <span class="quiet">event</span></dt>
      <dd>${shapeType(schema)}<br />${prose(description)}</dd>
    </div>`,
          )}</dl>`
    }`
}

function renderRefusal([status, { description, headers = {}, content = {} }]: [string, DescribedResponse]): Html {
  const codes = Object.values(content).flatMap(({ schema }) => {
    const code = schema.properties?.code
    return typeof code === 'object' && Array.isArray(code.enum) ? code.enum.map(String) : []
  })
  return html`<div>
    <dt><span class="status">${status}</span> <span class="codes">${codes.map((code) => html`<code>${code}</code> `)}</span></dt>
    <dd>${description}${Object.keys(headers).length === 0 ? '' : html`; header <code>${Object.keys(headers)}</code>`}</dd>
  </div>`
}

function renderHeaders(headers: NonNullable<DescribedResponse['headers']>): Html {
  return html`<dl class="fields">${Object.entries(headers).map(
    ([name, { description }]) => html`<div>
      <dt><code>${name}</code> <span class="quiet">header</span></dt>
      <dd>${description}</dd>
    </div>`,
  )}</dl>`
}

function renderMedia(type: string, { schema, example }: Media): Html {
  return html`<p class="media"><code>${type}</code> ${shapeType(schema)}</p>
    ${shapeFields(schema)}
    ${
      example === undefined
        ? ''
        : html`<details>
      <summary>Example<span class="hidden"> of ${type}</span></summary>
      <pre><code>${typeof example === 'string' ? example : JSON.stringify(example, null, 2)}</code></pre>
    </details>`
    }`
}

/** Returns a command for curl that works unchanged when AUTH_TOKEN is set in the shell. */
function curl({ path, method, operation, origin }: Described): string {
  const { parameters = [], requestBody, responses, security } = operation
  const [success] = Object.entries(responses).flatMap(([, response]) => ('content' in response ? [response] : []))
  const accepted = Object.keys(success?.content ?? {})
  const [[type, media] = []] = Object.entries(requestBody?.content ?? {})
  const id = parameters.find((one) => one.in === 'path')?.example ?? ''
  const headers = [
    ...(security.length > 0 ? ['"Authorization: Bearer $AUTH_TOKEN"'] : []),
    ...(accepted.length > 1 ? [quoted(`Accept: ${accepted.join(', ')}`)] : []),
    ...(media?.example === undefined ? [] : [quoted(`Content-Type: ${type}`)]),
  ]
  const implied = method === 'get' || (method === 'post' && media?.example !== undefined)
  const streams = accepted.length === 1 && accepted[0] === 'text/event-stream'
  const words = [
    ['curl', ...(streams ? ['-N'] : []), ...(implied ? [] : [`-X ${method.toUpperCase()}`])].join(' '),
    ...headers.map((header) => `-H ${header}`),
    ...(media?.example === undefined ? [] : [`-d ${quoted(JSON.stringify(media.example))}`]),
    quoted(origin + path.replace('{id}', String(id))),
  ]
  return words.join(' \\\n  ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function verb(method: string): Html {
  return html`<span class="verb ${method}">${method.toUpperCase()}</span>`
}

/** Returns a text as HTML, with the parts between backticks as code. */
function prose(text: string): Html {
  return html`${text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
