/** What came back from a test login, for whoever set the provider up: claims, what becomes of them, and what is wrong. */
import type { InstitutionReason } from '../../domain/failure.ts'
import type { ProviderMapping } from '../../domain/provider-mapping.ts'
import type { Json, JsonObject } from '../../domain/text.ts'
import { type PageTenant, renderPage } from './layout.ts'
import { type Markup, markup } from './markup.ts'
import { DICTIONARIES, type Dictionary, type Language } from './text.ts'

export interface ProviderTestPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  providerName: string
  identifierAttribute: string
  /** Undefined when all went well. */
  reason: InstitutionReason | undefined
  claims: JsonObject
  acr: readonly string[]
  amr: readonly string[]
  mapping: ProviderMapping | undefined
}

/** The page as HTML text. Pure; everything the provider said is escaped, and long values are cut. */
export function renderProviderTestPage(view: ProviderTestPageView): string {
  const texts = DICTIONARIES[view.language].test
  const title = view.reason === undefined ? texts.good : texts.bad
  return renderPage({
    ...{ language: view.language, nonce: view.nonce, tenant: view.tenant, title, wide: true },
    body: markup`<div class="card">
<div role="${view.reason === undefined ? 'status' : 'alert'}">
<h1>${title}</h1>
<p><bdi>${view.providerName}</bdi></p>
<p>${view.reason === undefined ? texts.goodText : texts.badText} ${texts.once}</p>
${view.reason !== undefined && markup`<p><strong>${texts.reason}:</strong> ${whyOf(view.reason, texts)}</p>`}
</div>
${drawJudgement(view, texts)}
${view.mapping !== undefined && drawMapping(view.mapping, texts)}
<h2>${texts.all}</h2>
${drawClaims(view.claims, texts)}
</div>`,
  })
}

/** Some reasons are of logins with a wallet, which a test has not. */
function whyOf(reason: InstitutionReason, texts: Dictionary['test']): string {
  const known: { readonly [R in InstitutionReason]?: string } = texts.reasons
  return known[reason] ?? texts.otherReason
}

function drawJudgement(view: ProviderTestPageView, texts: Dictionary['test']): Markup {
  const said = [...view.acr, ...view.amr]
  const { mapping } = view
  return markup`${
    mapping !== undefined &&
    markup`<p>${texts.identifier} <code>${view.identifierAttribute}</code>: ${mapping.identified ? texts.found : texts.absent}</p>`
  }<p>${texts.level}: ${said.length === 0 ? texts.nothing : said.join(', ')}</p>`
}

function drawMapping(mapping: ProviderMapping, texts: Dictionary['test']): Markup {
  const rows = mapping.attributes.map(
    ({ name, claim, value, kept, released }) => markup`<tr><th scope="row"><code>${name}</code></th>
<td><code>${claim}</code></td><td><bdi>${textOf(value)}</bdi></td>
<td>${[kept ? texts.kept : undefined, released === undefined ? undefined : texts.released(released)]
      .filter((part) => part !== undefined)
      .join(', ')}</td></tr>`,
  )
  return markup`<h2>${texts.mapped}</h2>
<table><thead><tr><th scope="col">${texts.attribute}</th><th scope="col">${texts.claim}</th><th scope="col">${texts.value}</th>
<th scope="col">${texts.use}</th></tr></thead><tbody>${rows}</tbody></table>
${mapping.missing.length > 0 && markup`<p>${texts.missing}: ${mapping.missing.join(', ')}</p>`}
${mapping.unused.length > 0 && markup`<p>${texts.unused}: ${mapping.unused.join(', ')}</p>`}`
}

function drawClaims(claims: JsonObject, texts: Dictionary['test']): Markup {
  const entries = Object.entries(claims)
  if (entries.length === 0) return markup`<p>${texts.nothing}</p>`
  const rows = entries.map(
    ([name, value]) => markup`<tr><th scope="row"><code>${name}</code></th>
<td><bdi>${textOf(value)}</bdi></td></tr>`,
  )
  return markup`<table><thead><tr><th scope="col">${texts.claim}</th><th scope="col">${texts.value}</th></tr></thead>
<tbody>${rows}</tbody></table>`
}

const LONGEST = 500

function textOf(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}
