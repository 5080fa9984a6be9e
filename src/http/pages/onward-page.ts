/**
 * The page after a button that leads to another site. A redirect would not do: browsers hold every redirect after a form
 * to the page's `form-action` (CSP Level 3, section 6.4.1), and where an institution sends people on to nobody here knows.
 */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, returnLink } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface OnwardPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  /** Where to: https, http on this very machine, or an app's own scheme. */
  url: string
}

/** The page as HTML text; browsers leave it at once, with script or without. Throws TypeError on a link no page may carry. */
export function renderOnwardPage(view: OnwardPageView): string {
  const { language, nonce, tenant } = view
  const { title, text, go } = DICTIONARIES[language].onward
  const link = returnLink(view.url)
  if (link === undefined) throw new TypeError('a page may not lead there')
  return renderPage({
    ...{ language, nonce, tenant, title },
    onward: link,
    body: markup`<div class="card"><h1>${title}</h1>
<p role="status">${text}</p>
<a class="button" href="${link}" rel="noreferrer">${go}</a></div>`,
  })
}
