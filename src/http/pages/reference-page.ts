/** The reference of the HTTP interface, drawn from the OpenAPI document that the service itself serves. No script. */
import type { Json, JsonObject } from '../../domain/text.ts'
import { NO_TENANT, renderPage } from './layout.ts'
import { type Markup, markup } from './markup.ts'
import { asList, asObject, asText, exampleOf, member, resolve } from './schema-example.ts'
import { DICTIONARIES, type Dictionary, type Language } from './text.ts'

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
const FORM = 'application/x-www-form-urlencoded'

interface Operation {
  anchor: string
  method: string
  path: string
  tag: string
  /** The operation's own JSON, and the parameters its path shares with its neighbours. */
  content: Json
  shared: readonly Json[]
}

interface Reading {
  document: JsonObject
  text: Dictionary['api']
}

/**
 * A readable page of the OpenAPI 3.1 document (as plain JSON, see RFC 8259): operations grouped by tag with their
 * parameters, request, responses and errors. What the document lacks is left out. Pure. The document's own sentences
 * are English and marked so, whatever the page's language.
 */
export function renderReferencePage(
  openapiDocument: JsonObject,
  page: { language: Language; nonce: string },
): string {
  const text = DICTIONARIES[page.language].api
  const reading = { document: openapiDocument, text }
  const info = member(openapiDocument, 'info')
  const title = asText(member(info, 'title')) ?? 'API'
  const tags = [...Map.groupBy(listOperations(openapiDocument, text), ({ tag }) => tag)]
  return renderPage({
    ...page,
    tenant: NO_TENANT,
    title,
    wide: true,
    body: markup`<div class="sections">
<h1 lang="en">${title}</h1>
<p class="soft">${text.version} ${asText(member(info, 'version'))}</p>
<div lang="en">${drawProse(member(info, 'description'))}</div>
${drawAuthentication(reading)}
<nav aria-labelledby="contents"><h2 id="contents">${text.contents}</h2>${tags.map(drawContents)}</nav>
${tags.map(([tag, operations]) => drawTag(reading, tag, operations))}
${drawErrorShapes(reading)}
</div>`,
  })
}

function listOperations(document: JsonObject, text: Dictionary['api']): readonly Operation[] {
  return Object.entries(asObject(member(document, 'paths')) ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const content = member(item, method)
      if (content === undefined) return []
      const tag = asText(asList(member(content, 'tags'))[0]) ?? text.other
      const shared = asList(member(item, 'parameters'))
      const anchor = `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, '-')}`
      return [{ anchor, method: method.toUpperCase(), path, tag, content, shared }]
    }),
  )
}

function drawContents([tag, operations]: readonly [string, readonly Operation[]]): Markup {
  return markup`<h3 lang="en">${tag}</h3><ul lang="en">${operations.map(
    ({ anchor, method, path }) => markup`<li><a href="#${anchor}">${method} ${path}</a></li>`,
  )}</ul>`
}

function drawTag(reading: Reading, tag: string, operations: readonly Operation[]): Markup {
  const described = asList(member(reading.document, 'tags')).find(
    (candidate) => member(candidate, 'name') === tag,
  )
  return markup`<section><h2 lang="en">${tag}</h2>
<div lang="en">${drawProse(member(described, 'description'))}</div>
${operations.map((operation) => drawOperation(reading, operation))}</section>`
}

function drawOperation(reading: Reading, operation: Operation): Markup {
  const { anchor, method, path, content } = operation
  const summary = asText(member(content, 'summary'))
  return markup`<article class="card operation" id="${anchor}">
<h3><code class="method">${method}</code> <code>${path}</code></h3>
<div lang="en">${summary !== undefined && markup`<p><strong>${summary}</strong></p>`}
${drawProse(member(content, 'description'))}</div>
${drawParameters(reading, operation)}
${drawRequest(reading, content)}
${drawResponses(reading, content)}
</article>`
}

function drawParameters({ document, text }: Reading, operation: Operation): Markup | undefined {
  const given = [...operation.shared, ...asList(member(operation.content, 'parameters'))]
  if (given.length === 0) return undefined
  const parameters = given.map((parameter) => resolve(document, parameter))
  return markup`<h4>${text.parameters}</h4><dl>${parameters.map(
    (parameter) => markup`<dt><code>${asText(member(parameter, 'name'))}</code>
<span class="soft">${asText(member(parameter, 'in'))}, ${
      member(parameter, 'required') === true ? text.required : text.optional
    }</span></dt><dd lang="en">${drawProse(
      member(parameter, 'description') ??
        member(resolve(document, member(parameter, 'schema')), 'description'),
    )}</dd>`,
  )}</dl>`
}

function drawRequest(reading: Reading, operation: Json): Markup | undefined {
  const body = resolve(reading.document, member(operation, 'requestBody'))
  if (body === undefined) return undefined
  return markup`<h4>${reading.text.request}</h4>
<div lang="en">${drawProse(member(body, 'description'))}</div>${drawBody(reading, body)}`
}

/** Answers that went well with their example; errors with their sentence, for their shape is drawn once, at the end. */
function drawResponses(reading: Reading, operation: Json): Markup {
  const { document, text } = reading
  const responses = Object.entries(asObject(member(operation, 'responses')) ?? {})
  const [errors, answers] = [responses.filter(isError), responses.filter((one) => !isError(one))]
  return markup`${answers.length > 0 && markup`<h4>${text.responses}</h4>`}
${answers.map(([status, given]) => {
  const response = resolve(document, given)
  return markup`<p><strong>${status}</strong> <span lang="en">${asText(member(response, 'description'))}</span></p>
${drawBody(reading, response)}`
})}
${errors.length > 0 && drawErrors(reading, errors)}`
}

function drawErrors(
  { document, text }: Reading,
  errors: readonly (readonly [string, Json])[],
): Markup {
  return markup`<h4>${text.errors}</h4><ul>${errors.map(([status, given]) => {
    const sentence = asText(member(resolve(document, given), 'description'))
    return markup`<li><strong>${status}</strong> <span lang="en">${sentence}</span></li>`
  })}</ul>`
}

function drawErrorShapes(reading: Reading): Markup | undefined {
  const { document, text } = reading
  const shapes = new Map<string, string>()
  for (const { content } of listOperations(document, text)) {
    for (const response of Object.entries(asObject(member(content, 'responses')) ?? {})) {
      if (!isError(response)) continue
      for (const [type, example] of listExamples(document, resolve(document, response[1]))) {
        shapes.set(
          `${type} ${Object.keys(asObject(example) ?? {}).join()}`,
          drawExample(type, example),
        )
      }
    }
  }
  if (shapes.size === 0) return undefined
  return markup`<section><h2>${text.errorShapes}</h2>${[...shapes.values()].map(
    (shape) => markup`<pre>${shape}</pre>`,
  )}</section>`
}

function drawAuthentication({ document, text }: Reading): Markup | undefined {
  const schemes = Object.entries(
    asObject(member(member(document, 'components'), 'securitySchemes')) ?? {},
  )
  if (schemes.length === 0) return undefined
  return markup`<h2>${text.authentication}</h2><dl>${schemes.map(
    ([name, scheme]) =>
      markup`<dt><code>${name}</code></dt><dd lang="en">${drawProse(
        member(scheme, 'description') ?? member(scheme, 'scheme') ?? member(scheme, 'type'),
      )}</dd>`,
  )}</dl>`
}

function drawBody({ document }: Reading, body: Json | undefined): readonly Markup[] {
  return listExamples(document, body).map(
    ([type, example]) => markup`<pre>${drawExample(type, example)}</pre>`,
  )
}

/** For each media type of a request or response its example: the one given, else one made from the schema. */
function listExamples(document: JsonObject, body: Json | undefined): readonly [string, Json][] {
  return Object.entries(asObject(member(body, 'content')) ?? {}).map(([type, media]) => {
    const [named] = Object.values(asObject(member(media, 'examples')) ?? {})
    const given = member(media, 'example') ?? member(resolve(document, named), 'value')
    return [type, given ?? exampleOf(document, member(media, 'schema'))]
  })
}

function drawExample(type: string, example: Json): string {
  const fields = Object.entries(asObject(example) ?? {})
  if (type === FORM)
    return `${type}\n\n${fields.map(([name, value]) => `${name}=${value}`).join('&')}`
  return `${type}\n\n${typeof example === 'string' ? example : JSON.stringify(example, null, 2)}`
}

/** Paragraphs at blank lines and code between backticks; the rest of Markdown is left as it was typed. */
function drawProse(prose: Json | undefined): readonly Markup[] {
  const paragraphs = (asText(prose) ?? '').split(/\n\s*\n/).filter((part) => part.trim() !== '')
  return paragraphs.map((paragraph) => {
    const pieces = paragraph.split('`')
    return markup`<p>${pieces.map((piece, index) =>
      index % 2 === 1 ? markup`<code>${piece}</code>` : piece,
    )}</p>`
  })
}

function isError([status]: readonly [string, Json]): boolean {
  return status.startsWith('4') || status.startsWith('5') || status === 'default'
}
