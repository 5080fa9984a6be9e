/** The page of a browser's single-sign-on session. */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, ownPath } from './markup.ts'
import { drawConsents, type OwnConsent } from './own-data-page.ts'
import { OWN_DATA } from './own-data-text.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface SessionPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  state: 'there' | 'none' | 'ended'
  /** Takes the button that ends the session, by POST; a path on this origin. */
  endUrl: string
  /** What the person of the session said yes to; each is taken back below `endUrl`. */
  consents: readonly OwnConsent[]
  /** Something was taken back a moment ago. */
  done: boolean
}

/** The page as HTML text: what holds now, and a button where there is something to end; no script. Pure. */
export function renderSessionPage(view: SessionPageView): string {
  const { language, nonce, tenant, state } = view
  const { title, there, none, ended, end } = DICTIONARIES[language].session
  return renderPage({
    ...{ language, nonce, tenant, title },
    body: markup`<div class="card"><h1>${title}</h1>
${view.done && markup`<p role="status"><strong>${OWN_DATA[language].page.done}</strong></p>`}
<p role="status">${{ there, none, ended }[state]}</p>
${
  state === 'there' &&
  markup`<form method="post" action="${ownPath('endUrl', view.endUrl)}"><button class="button" type="submit">${end}</button></form>`
}
${
  view.consents.length > 0 &&
  markup`<h2>${OWN_DATA[language].page.consents}</h2>${drawConsents(view.consents, `${view.endUrl}/consent`, language)}`
}
</div>`,
  })
}
