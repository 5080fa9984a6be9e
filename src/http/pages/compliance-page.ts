/** The pages of compliance staff: signing in, finding a person, what is held, erasing, and the receipt. */
import { ERASURE_GROUNDS } from '../../domain/erasure.ts'
import type { Findable } from '../../domain/findable.ts'
import { fromInstant, type IsoInstant } from '../../domain/time.ts'
import { COMPLIANCE } from './compliance-text.ts'
import { NO_TENANT, type PageTenant, renderPage } from './layout.ts'
import { type Markup, markup, ownPath } from './markup.ts'
import type { Language } from './text.ts'

interface Frame {
  language: Language
  nonce: string
}

/** Of a page that somebody is signed in to. */
export interface StaffFrame extends Frame {
  tenant: PageTenant
  /** What every form carries, so that no other site can send one. */
  csrf: string
}

const HOME = '/compliance'

export type SignInProblem = 'refused' | 'over'

/** The form for a token. Pure, as all here. */
export function renderSignIn(
  view: Frame & { slug: string; problem: SignInProblem | undefined },
): string {
  const { language, nonce, slug, problem } = view
  const text = COMPLIANCE[language].signIn
  return renderPage({
    ...{ language, nonce, tenant: NO_TENANT, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
<p>${text.text}</p>
${problem !== undefined && markup`<p role="alert"><strong>${text[problem]}</strong></p>`}
<form method="post" action="${HOME}/session">
${field('tenant', text.tenant, slug, 'text')}
${field('token', text.token, '', 'password')}
<button class="button" type="submit">${text.go}</button></form></div>`,
  })
}

export type FindProblem = 'nobody' | 'two' | 'malformed'

/** The form for an identifier; what was looked for is not shown again, for a page may be left open. */
export function renderFind(
  view: StaffFrame & {
    providers: readonly { slug: string; name: string; emailIsProof: boolean }[]
    findables: readonly Findable[]
    issuers: readonly string[]
    problem: FindProblem | undefined
  },
): string {
  const { language, nonce, tenant, csrf, providers, findables, problem } = view
  const addressed = providers.filter(({ emailIsProof }) => emailIsProof)
  const { find: text, signOut } = COMPLIANCE[language]
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
<p>${text.text}</p>
${problem !== undefined && markup`<p role="alert"><strong>${text[problem]}</strong></p>`}
<form method="post" action="${HOME}/find">${hidden('csrf', csrf)}
<p class="field"><label for="by">${text.by}</label><select id="by" name="by">
${providers.map(({ slug, name }) => markup`<option value="account:${slug}">${text.account(name)}</option>`)}
${addressed.map(({ slug, name }) => markup`<option value="email:${slug}">${text.address(name)}</option>`)}
<option value="key">${text.key}</option><option value="did">${text.did}</option><option value="id">${text.id}</option></select></p>
<p class="field"><label for="value">${text.value}</label><input id="value" name="value" type="text" required maxlength="1000"
autocomplete="off" spellcheck="false" aria-describedby="value-hint"></p>
<p class="soft" id="value-hint">${text.valueHint}</p>
<button class="button" type="submit">${text.go}</button></form>
${findables.length > 0 && markup`<h2>${text.shown}</h2><p class="soft">${text.shownHint}</p>`}
${findables.map((findable, place) => drawFindable(view, findable, place))}
${findables.some(({ asksIssuer }) => asksIssuer) && markup`<datalist id="issuers">${view.issuers.map((issuer) => markup`<option value="${issuer}"></option>`)}</datalist>`}
${button(`${HOME}/session/end`, csrf, {}, signOut, 'quiet')}</div>`,
  })
}

/** A form of its own for each material: what its values are called is the tenant's word, as in the credential. */
function drawFindable(
  { language, csrf }: StaffFrame,
  { material, asksIssuer, paths }: Findable,
  place: number,
): Markup {
  const { find: text } = COMPLIANCE[language]
  const input = (name: string, label: string, list: Markup | false) =>
    markup`<p class="field"><label for="${name}-${place}">${label}</label><input id="${name}-${place}" name="${name}" type="text" required
maxlength="1000" autocomplete="off" spellcheck="false"${list}></p>`
  return markup`<details><summary>${material}</summary><form method="post" action="${HOME}/find">
${hidden('csrf', csrf)}${hidden('by', `material:${material}`)}
${asksIssuer && input('issuer', text.issuer, markup` list="issuers"`)}
${paths.map((path, index) => input(`value${index}`, path.join(' › '), false))}
<button class="button plain" type="submit">${text.goBy(material)}</button></form></details>`
}

/** A wallet or an account. */
export interface ShownLink {
  id: string
  side: 'wallet' | 'institution'
  type: string
  lastUsedAt: IsoInstant
  endedAt: IsoInstant | undefined
}

/** What the person agreed that a relying party learns. */
export interface ShownConsent {
  clientId: string
  name: string
  scopes: readonly string[]
  claims: readonly string[]
  givenAt: IsoInstant
}

export interface PersonPageView extends StaffFrame {
  id: string
  status: 'ACTIVE' | 'RESTRICTED' | 'MERGED' | 'ERASED'
  createdAt: IsoInstant
  held: Counts
  links: readonly ShownLink[]
  consents: readonly ShownConsent[]
  mayErase: boolean
  mayExport: boolean
  /** What became of the button that was pressed. */
  outcome: 'done' | 'notNow' | 'suggested' | undefined
  /** Of an erased person whose erasure somebody asked for. */
  hasReceipt: boolean
}

type Counts = { readonly [kind: string]: number }

/** What is held about a person, as counts; a button for each thing that can be done. */
export function renderPerson(view: PersonPageView): string {
  const { language, nonce, tenant, csrf, status, outcome } = view
  const { person: text, back } = COMPLIANCE[language]
  const at = pathOf(view.id)
  const changes = status === 'ACTIVE' || status === 'RESTRICTED'
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
${outcome !== undefined && markup`<p role="${outcome === 'done' ? 'status' : 'alert'}"><strong>${text[outcome]}</strong></p>`}
<dl><dt>${text.id}</dt><dd><code>${view.id}</code></dd><dt>${text.status}</dt><dd>${text.statuses[status]}</dd>
<dt>${text.since}</dt><dd>${day(view.createdAt, language)}</dd></dl>
<h2>${text.held}</h2>${drawCounts(view.held, language)}
<h2>${text.links}</h2>${view.links.length === 0 ? markup`<p>${text.none}</p>` : drawLinks(view, at)}
<h2>${text.consents}</h2>${view.consents.length === 0 ? markup`<p>${text.none}</p>` : drawConsents(view, at)}
<h2>${text.rights}</h2>
${
  changes &&
  button(
    `${at}/restriction`,
    csrf,
    { restricted: status === 'ACTIVE' ? 'yes' : 'no' },
    status === 'ACTIVE' ? text.restrict : text.lift,
    'button plain',
  )
}
${changes && view.mayExport && button(`${at}/export`, csrf, {}, text.export, 'button plain')}
${status !== 'ERASED' && view.mayErase && markup`<p><a class="button" href="${at}/erase">${text.erase}</a></p>`}
${view.hasReceipt && markup`<p><a class="button" href="${at}/receipt">${text.receipt}</a></p>`}
<p class="leave"><a href="${HOME}">${back}</a></p></div>`,
  })
}

function drawLinks(view: PersonPageView, at: string): Markup {
  const { language, csrf, status } = view
  const text = COMPLIANCE[language].person
  const drawn = view.links.map((link, place) => {
    const what = `${text[link.side]} ${place + 1} (${link.type})`
    const [action, words] =
      link.endedAt === undefined
        ? (['unlink', text.unlink] as const)
        : (['restore', text.restore] as const)
    const when =
      link.endedAt === undefined
        ? `${text.lastUsed} ${day(link.lastUsedAt, language)}`
        : `${text.ended} ${day(link.endedAt, language)}`
    const wish =
      action === 'unlink' &&
      markup`<p class="field"><label for="reason-${place}">${text.wish}</label><select id="reason-${place}" name="reason">
<option value="USER_UNLINK">${text.wishes.USER_UNLINK}</option><option value="ADMIN_REQUEST">${text.wishes.ADMIN_REQUEST}</option></select></p>`
    return markup`<li><h3>${what}</h3><p class="soft">${when}</p>
${
  status === 'ACTIVE' &&
  markup`<form method="post" action="${ownPath('action', `${at}/${action}`)}">${hidden('csrf', csrf)}${hidden('match', link.id)}${wish}
<button class="quiet" type="submit">${words(what)}</button></form>`
}</li>`
  })
  return markup`<ul class="plain">${drawn}</ul>`
}

function drawConsents(view: PersonPageView, at: string): Markup {
  const { language, csrf, status } = view
  const text = COMPLIANCE[language].person
  const isOwn = status === 'ACTIVE' || status === 'RESTRICTED'
  const drawn = view.consents.map(
    ({ clientId, name, scopes, claims, givenAt }) => markup`<li><h3><bdi>${name}</bdi></h3>
<p class="soft">${text.agreed} ${day(givenAt, language)}: <bdi>${[...scopes, ...claims].join(', ')}</bdi></p>
${isOwn && button(`${at}/consent`, csrf, { client: clientId }, text.takeBack(name), 'quiet')}</li>`,
  )
  return markup`<ul class="plain">${drawn}</ul>`
}

/** The question before an erasure: what goes, why, and one box to tick. */
export function renderErase(view: StaffFrame & { id: string; held: Counts }): string {
  const { language, nonce, tenant, csrf, id } = view
  const { erase: text } = COMPLIANCE[language]
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
<p>${text.text}</p>${drawCounts(view.held, language)}
<form method="post" action="${ownPath('action', `${pathOf(id)}/erase`)}">${hidden('csrf', csrf)}
<p class="field"><label for="ground">${text.ground}</label><select id="ground" name="ground">
${[...ERASURE_GROUNDS].toSorted(consentFirst).map((ground) => markup`<option value="${ground}">${text.grounds[ground]}</option>`)}</select></p>
<p class="tick"><input type="checkbox" id="sure" name="sure" value="yes" required><label for="sure">${text.sure}</label></p>
<button class="button" type="submit">${text.go}</button></form>
<p class="leave"><a href="${pathOf(id)}">${text.leave}</a></p></div>`,
  })
}

/** Most who ask say no more than that they want it. */
function consentFirst(a: string, b: string): number {
  return Number(b === 'consent_withdrawn') - Number(a === 'consent_withdrawn')
}

/** The receipt, to read and to keep. `keysUrl` is the tenant's key set. */
export function renderReceipt(
  view: StaffFrame & {
    id: string
    receipt: string
    erasedAt: IsoInstant
    gone: Counts
    keysUrl: string
  },
): string {
  const { language, nonce, tenant, id } = view
  const { receipt: text, back } = COMPLIANCE[language]
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><div role="status"><h1>${text.title}</h1>
<p>${text.text}</p></div>
<p>${text.at} ${day(view.erasedAt, language)}</p>
<h2>${text.gone}</h2>${drawCounts(view.gone, language)}
<h2>${text.receipt}</h2><pre tabindex="0" aria-label="${text.receipt}">${view.receipt}</pre>
<p><a class="button" href="${pathOf(id)}/receipt.jwt" download>${text.download}</a></p>
<p><a class="button plain" href="${view.keysUrl}" download>${text.keys}</a></p>
<p class="leave"><a href="${HOME}">${back}</a></p></div>`,
  })
}

function drawCounts(counts: Counts, language: Language): Markup {
  const rows = Object.entries(COMPLIANCE[language].person.kinds)
  return markup`<table class="counts"><tbody>${rows.map(
    ([kind, words]) => markup`<tr><th scope="row">${words}</th><td>${counts[kind] ?? 0}</td></tr>`,
  )}</tbody></table>`
}

function field(name: string, label: string, value: string, type: string): Markup {
  return markup`<p class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" value="${value}" required maxlength="200" autocomplete="off" spellcheck="false"></p>`
}

function hidden(name: string, value: string): Markup {
  return markup`<input type="hidden" name="${name}" value="${value}">`
}

function button(
  action: string,
  csrf: string,
  values: { [name: string]: string },
  words: string,
  look: string,
): Markup {
  const inputs = Object.entries(values).map(([name, value]) => hidden(name, value))
  return markup`<form class="leave" method="post" action="${ownPath('action', action)}">${hidden('csrf', csrf)}${inputs}
<button class="${look}" type="submit">${words}</button></form>`
}

function pathOf(id: string): string {
  return ownPath('person', `${HOME}/people/${encodeURIComponent(id)}`)
}

function day(at: IsoInstant, language: Language): string {
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'nl', {
    ...{ dateStyle: 'long', timeZone: 'UTC' },
  } as const)
  return format.format(fromInstant(at))
}
