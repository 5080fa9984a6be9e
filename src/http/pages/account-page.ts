/** The page on which a person with several accounts chooses the one to log in with. */
import { fromInstant, type IsoInstant } from '../../domain/time.ts'
import { type PageTenant, renderPage } from './layout.ts'
import { type Markup, markup, ownPath } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

/** One account in the words the person knows it by. */
export interface AccountChoice {
  /** Name of the provider, as the tenant registered it. */
  title: string
  /** What tells it from the person's other accounts. */
  details: readonly string[]
  lastUsedAt: IsoInstant
}

export interface AccountPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  relyingPartyName: string
  /** In the order of the positions that the form sends. */
  accounts: readonly AccountChoice[]
  /** The position that was remembered for this relying party; undefined for none. */
  remembered: number | undefined
  /** Takes the form; a path on this origin. */
  chooseUrl: string
  /** Takes the button that ends the login; a path on this origin. */
  cancelUrl: string
}

/**
 * The page as HTML text: a group of radio buttons with one legend, with the remembered one chosen, else the first, and
 * nothing that needs a script. The form sends a position, never an identifier. Pure. Throws TypeError when a path leaves
 * this origin.
 */
export function renderAccountPage(view: AccountPageView): string {
  const { language, nonce, tenant, accounts } = view
  const { accounts: text, login } = DICTIONARIES[language]
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
<p>${text.text} <bdi>${view.relyingPartyName}</bdi>.</p>
<form method="post" action="${ownPath('chooseUrl', view.chooseUrl)}">
<fieldset class="accounts"><legend>${text.legend}</legend>
${accounts.map((account, position) => drawAccount(account, position, position === (view.remembered ?? 0), language))}
</fieldset>
<p class="tick"><input type="checkbox" id="remember" name="remember" value="yes"${view.remembered !== undefined && markup` checked`} aria-describedby="remember-hint">
<label for="remember">${text.remember}</label></p>
<p class="soft" id="remember-hint">${text.rememberHint}</p>
<button class="button" type="submit">${text.go}</button>
</form>
<form class="leave" method="post" action="${ownPath('cancelUrl', view.cancelUrl)}"><button class="quiet" type="submit">${login.cancel}</button></form>
</div>`,
  })
}

function drawAccount(
  { title, details, lastUsedAt }: AccountChoice,
  position: number,
  isChosen: boolean,
  language: Language,
): Markup {
  const id = `account-${position}`
  const day = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'nl', {
    dateStyle: 'long',
    timeZone: 'UTC',
  })
  return markup`<div class="account"><input type="radio" id="${id}" name="account" value="${position}" required
aria-describedby="${id}-about"${isChosen && markup` checked`}>
<div><label for="${id}"><bdi>${title}</bdi></label>
<div class="soft" id="${id}-about">${details.map((detail) => markup`<div><bdi>${detail}</bdi></div>`)}
<div>${DICTIONARIES[language].accounts.lastUsed} ${day.format(fromInstant(lastUsedAt))}</div></div></div></div>`
}
