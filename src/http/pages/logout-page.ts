/** The page that asks whether a logout is meant, where the request alone does not show it. */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, ownPath } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface LogoutPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  /** Name of the relying party that asks, where one is known. */
  asking: string | undefined
  /** What the button sends along. */
  fields: readonly (readonly [name: string, value: string])[]
  /** Takes the button, by POST; a path on this origin. */
  confirmUrl: string
}

/** The page as HTML text, no script. Pure. */
export function renderLogoutPage(view: LogoutPageView): string {
  const { language, nonce, tenant, asking, fields } = view
  const { title, text, askedBy, stay, go } = DICTIONARIES[language].logout
  return renderPage({
    ...{ language, nonce, tenant, title },
    body: markup`<div class="card"><h1>${title}</h1>
${asking !== undefined && markup`<p>${askedBy} <bdi>${asking}</bdi></p>`}
<p>${text}</p>
<form method="post" action="${ownPath('confirmUrl', view.confirmUrl)}">
${fields.map(([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`)}
<button class="button" type="submit">${go}</button></form>
<p class="soft">${stay}</p>
</div>`,
  })
}
