/** The page on which a person sees which wallet and which account are about to be linked. */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, ownPath } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface ConfirmPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  /** The name that the wallet stated; undefined where it stated none. */
  walletName: string | undefined
  issuers: readonly string[]
  providerName: string
  accountLabel: string
  /** Takes the button that links, by POST; a path on this origin. */
  confirmUrl: string
  /** Takes the button that ends the login, by POST; a path on this origin. */
  cancelUrl: string
}

/**
 * The page as HTML text: both sides under a heading each, what linking means, one button to do it and one to leave; no
 * script. Pure. Throws TypeError when a path leaves this origin.
 */
export function renderConfirmPage(view: ConfirmPageView): string {
  const { language, nonce, tenant } = view
  const { confirm: text, login } = DICTIONARIES[language]
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
<p>${text.text}</p>
<h2>${text.wallet}</h2>
<p>${view.walletName !== undefined && markup`<strong><bdi>${view.walletName}</bdi></strong><br>`}
<span class="soft">${text.issuedBy} ${view.issuers.map((issuer, place) => markup`${place > 0 && ', '}<bdi>${issuer}</bdi>`)}</span></p>
<h2>${text.account}</h2>
<p><strong><bdi>${view.accountLabel}</bdi></strong><br><span class="soft"><bdi>${view.providerName}</bdi></span></p>
<p class="soft">${text.warning}</p>
<form method="post" action="${ownPath('confirmUrl', view.confirmUrl)}"><button class="button" type="submit">${text.go}</button></form>
<form class="leave" method="post" action="${ownPath('cancelUrl', view.cancelUrl)}"><button class="quiet" type="submit">${login.cancel}</button></form>
</div>`,
  })
}
