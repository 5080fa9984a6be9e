/** The page of a browser's single-sign-on session. */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, ownPath } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface SessionPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  state: 'there' | 'none' | 'ended'
  /** Takes the button that ends the session, by POST; a path on this origin. */
  endUrl: string
}

/** The page as HTML text: what holds now, and a button where there is something to end; no script. Pure. */
export function renderSessionPage(view: SessionPageView): string {
  const { language, nonce, tenant, state } = view
  const { title, there, none, ended, end } = DICTIONARIES[language].session
  return renderPage({
    ...{ language, nonce, tenant, title },
    body: markup`<div class="card"><h1>${title}</h1>
<p role="status">${{ there, none, ended }[state]}</p>
${
  state === 'there' &&
  markup`<form method="post" action="${ownPath('endUrl', view.endUrl)}"><button class="button" type="submit">${end}</button></form>`
}
</div>`,
  })
}
