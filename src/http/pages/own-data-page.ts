/** The pages of a person who looks after their own data: the start, what is held, and the receipt. No script. */
import { fromInstant, type IsoInstant } from '../../domain/time.ts'
import { type PageTenant, renderPage } from './layout.ts'
import { type Markup, markup, ownPath } from './markup.ts'
import { OWN_DATA } from './own-data-text.ts'
import type { Language } from './text.ts'

interface Frame {
  language: Language
  nonce: string
  tenant: PageTenant
}

/** Why and how; one button. `startUrl` takes it, by POST; a path on this origin. Pure, as all here. */
export function renderOwnDataStart(
  view: Frame & { startUrl: string; refused: boolean; directLogin: boolean },
): string {
  const { language, nonce, tenant, startUrl, refused, directLogin } = view
  const text = OWN_DATA[language].start
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
${refused && markup`<p role="alert"><strong>${text.refused}</strong></p>`}
<p>${text.text} ${directLogin ? text.byEither : text.byWallet}</p>
<form method="post" action="${ownPath('startUrl', startUrl)}"><button class="button" type="submit">${directLogin ? text.goOn : text.go}</button></form></div>`,
  })
}

export interface OwnLink {
  id: string
  side: 'wallet' | 'institution'
  lastUsedAt: IsoInstant
  endedAt: IsoInstant | undefined
}

/** A yes that holds. */
export interface OwnConsent {
  clientId: string
  name: string
  givenAt: IsoInstant
}

export interface OwnDataView extends Frame {
  links: readonly OwnLink[]
  consents: readonly OwnConsent[]
  /** By name, as it is kept. */
  attributes: readonly { name: string; label: string; value: string }[]
  categories: readonly string[]
  logins: number
  done: boolean
  /** A path on this origin; what can be done hangs below it. */
  url: string
}

/** What is held, what can be ticked, and the one box before everything goes. */
export function renderOwnData(view: OwnDataView): string {
  const { language, nonce, tenant, attributes, categories } = view
  const text = OWN_DATA[language].page
  const url = ownPath('url', view.url)
  const some = attributes.length + categories.length > 0
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
${view.done && markup`<p role="status"><strong>${text.done}</strong></p>`}
<h2>${text.links}</h2>${view.links.length === 0 ? markup`<p>${text.none}</p>` : drawLinks(view)}
${view.consents.length > 0 && markup`<h2>${text.consents}</h2>${drawConsents(view.consents, `${url}/consent`, language)}`}
<form method="post" action="${url}/attributes">
<h2>${text.attributes}</h2>${attributes.length === 0 && markup`<p>${text.none}</p>`}
${attributes.map(({ name, label, value }, place) => drawTick(`attribute:${name}`, `a${place}`, label, value))}
<h2>${text.categories}</h2>${categories.length === 0 && markup`<p>${text.none}</p>`}
${categories.map((name, place) => drawTick(`category:${name}`, `c${place}`, name, ''))}
${some && markup`<p class="soft">${text.someHint}</p><button class="button plain" type="submit">${text.some}</button>`}</form>
<p>${text.logins(view.logins)}</p>
<form method="post" action="${url}/export"><button class="button plain" type="submit">${text.copy}</button></form>
<h2>${text.all}</h2><p>${text.allText}</p>
<form method="post" action="${url}/erase">
<p class="tick"><input type="checkbox" id="sure" name="sure" value="yes" required><label for="sure">${text.sure}</label></p>
<button class="button" type="submit">${text.go}</button></form></div>`,
  })
}

function drawLinks(view: OwnDataView): Markup {
  const { language } = view
  const text = OWN_DATA[language].page
  return markup`<ul class="plain">${view.links.map((link, place) => {
    const number = view.links.slice(0, place + 1).filter(({ side }) => side === link.side).length
    const what = `${text[link.side]} ${number}`
    const when =
      link.endedAt === undefined
        ? `${text.lastUsed} ${day(link.lastUsedAt, language)}`
        : `${text.ended} ${day(link.endedAt, language)}`
    return markup`<li><p><strong>${what}</strong> <span class="soft">${when}</span></p>
${
  link.endedAt === undefined &&
  markup`<form method="post" action="${ownPath('url', view.url)}/unlink"><input type="hidden" name="match" value="${link.id}">
<button class="quiet" type="submit">${text.unlink(what)}</button></form>`
}</li>`
  })}</ul>`
}

/** Each yes with a button that takes it back; `action` takes the form, a path on this origin. */
export function drawConsents(
  consents: readonly OwnConsent[],
  action: string,
  language: Language,
): Markup {
  const text = OWN_DATA[language].page
  return markup`<ul class="plain">${consents.map(
    ({ clientId, name, givenAt }) =>
      markup`<li><p><strong><bdi>${name}</bdi></strong> <span class="soft">${text.agreed} ${day(givenAt, language)}</span></p>
<form method="post" action="${ownPath('action', action)}"><input type="hidden" name="client" value="${clientId}">
<button class="quiet" type="submit">${text.takeBack(name)}</button></form></li>`,
  )}</ul>`
}

function drawTick(name: string, id: string, label: string, value: string): Markup {
  return markup`<p class="tick"><input type="checkbox" id="${id}" name="${name}" value="yes">
<label for="${id}"><bdi>${label}</bdi>${value !== '' && markup` <span class="soft"><bdi>${value}</bdi></span>`}</label></p>`
}

/** After everything is gone: the receipt, shown this once. */
export function renderOwnReceipt(
  view: Frame & { id: string; erasedAt: IsoInstant; receipt: string },
): string {
  const { language, nonce, tenant } = view
  const text = OWN_DATA[language].erased
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><div role="status"><h1>${text.title}</h1><p>${text.text}</p></div>
<dl><dt>${text.at}</dt><dd>${day(view.erasedAt, language)}</dd><dt>${text.number}</dt><dd><code>${view.id}</code></dd></dl>
<h2>${text.receipt}</h2><pre tabindex="0" aria-label="${text.receipt}">${view.receipt}</pre></div>`,
  })
}

function day(at: IsoInstant, language: Language): string {
  const locale = language === 'en' ? 'en-GB' : 'nl'
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  return format.format(fromInstant(at))
}
