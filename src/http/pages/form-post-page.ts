/** The page that carries an authorization response to the relying party by POST (OAuth 2.0 Form Post Response Mode). */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, pageLink } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface FormPostView {
  language: Language
  nonce: string
  tenant: PageTenant
  /** The relying party's redirect URI. */
  action: string
  fields: readonly (readonly [name: string, value: string])[]
}

/** The page as HTML text; its script sends it at once, and without script a button does. Throws TypeError on an address no page may lead to. */
export function renderFormPostPage(view: FormPostView): string {
  const { language, nonce, tenant, fields } = view
  const { title, text, go } = DICTIONARIES[language].onward
  const action = pageLink(view.action)
  if (action === undefined) throw new TypeError('a form may not lead there')
  return renderPage({
    ...{ language, nonce, tenant, title },
    script: 'document.forms[0].submit()',
    body: markup`<div class="card"><h1>${title}</h1>
<p role="status">${text}</p>
<form method="post" action="${action}">
${fields.map(([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`)}
<button class="button" type="submit">${go}</button></form></div>`,
  })
}
