/** The page on which a login, or an attempt at one, comes to rest. */
import { type PageTenant, renderPage } from './layout.ts'
import { type Markup, markup, ownPath, pageLink, returnLink } from './markup.ts'
import { DICTIONARIES, type Dictionary, type Language } from './text.ts'

/** How it ended; the texts stand in `text.ts` under the same names. The HTTP status is the caller's. */
export type EndPageKind = keyof Dictionary['end']

export interface EndPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  kind: EndPageKind
  /** A fixed sentence for whoever runs the relying party, such as the description of an authorization error. */
  detail?: string | undefined
  /** Starts the login anew. Left out when it is not a link a page may carry. */
  tryAgainUrl?: string | undefined
  /** Leads back to the relying party. Left out likewise. */
  backUrl?: string | undefined
  /** The same for a client that is answered by POST: takes a button; a path on this origin. */
  backForm?: string | undefined
  /** The correlation id, for the help desk. */
  reference?: string | undefined
}

/**
 * The end page as HTML text. Pure, and it throws nothing for want of a good link: an error must always find its page.
 * `refused` never says whether the credential was missing or the person said no (VP-084).
 */
export function renderEndPage(view: EndPageView): string {
  const dictionary = DICTIONARIES[view.language]
  const { title, text } = dictionary.end[view.kind]
  return renderPage({
    language: view.language,
    nonce: view.nonce,
    tenant: view.tenant,
    title,
    body: markup`<div class="card">
<div role="${view.kind === 'done' ? 'status' : 'alert'}">
<h1>${title}</h1>
<p>${text}</p>
</div>
${view.detail !== undefined && markup`<p class="soft" lang="en">${view.detail}</p>`}
${drawLinks(view, dictionary)}
${
  view.backForm !== undefined &&
  markup`<form method="post" action="${ownPath('backForm', view.backForm)}"><button class="button plain" type="submit">${dictionary.goBack}</button></form>`
}
${
  view.reference !== undefined &&
  markup`<p class="soft reference">${dictionary.reference} <code>${view.reference}</code></p>`
}
</div>`,
  })
}

function drawLinks(view: EndPageView, dictionary: Dictionary): readonly Markup[] {
  const links = [
    [pageLink(view.tryAgainUrl), dictionary.tryAgain, 'button'],
    [returnLink(view.backUrl), dictionary.goBack, 'button plain'],
  ] as const
  return links.flatMap(([link, text, look]) =>
    link === undefined ? [] : [markup`<a class="${look}" href="${link}">${text}</a>`],
  )
}
