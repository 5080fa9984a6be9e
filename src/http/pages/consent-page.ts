/** The page on which a person says whether a relying party may learn what it asks for. */
import { type PageTenant, renderPage } from './layout.ts'
import { markup, ownPath } from './markup.ts'
import { DICTIONARIES, type Language } from './text.ts'

export interface ConsentPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  relyingPartyName: string
  purpose: string | undefined
  claims: readonly string[]
  /** It may ask again later, without the person. */
  lasting: boolean
  /** Whether a yes counts for the next login too. */
  remembered: boolean
  proof: string
  /** Takes the answer, by POST; a path on this origin. */
  answerUrl: string
  /** Where a yes is taken back; a path on this origin. */
  ownDataUrl: string
}

/**
 * The page as HTML text: who asks, why, what for, what either answer does, and two buttons of one size; no script. Pure.
 * Throws TypeError when a path leaves this origin.
 */
export function renderConsentPage(view: ConsentPageView): string {
  const { language, nonce, tenant, purpose, claims } = view
  const { consent: text } = DICTIONARIES[language]
  return renderPage({
    ...{ language, nonce, tenant, title: text.title },
    body: markup`<div class="card"><h1>${text.title}</h1>
<p><strong><bdi>${view.relyingPartyName}</bdi></strong> ${text.asks}</p>
${purpose !== undefined && markup`<h2>${text.purpose}</h2><p><bdi>${purpose}</bdi></p>`}
<h2>${text.learns}</h2>
<ul class="asked">${claims.map((claim) => markup`<li><bdi>${claim}</bdi></li>`)}
<li>${text.subject}</li>
${view.lasting && markup`<li>${text.lasting}</li>`}</ul>
<p class="soft">${view.remembered ? text.remembered : text.once}</p>
<p class="soft">${text.no}</p>
<form method="post" action="${ownPath('answerUrl', view.answerUrl)}"><input type="hidden" name="proof" value="${view.proof}">
<button class="button" type="submit" name="answer" value="yes">${text.agree}</button>
<button class="button plain" type="submit" name="answer" value="no">${text.refuse}</button></form>
${view.remembered && markup`<p><a class="quiet" href="${ownPath('ownDataUrl', view.ownDataUrl)}">${text.takeBack}</a></p>`}
</div>`,
  })
}
