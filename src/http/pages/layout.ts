/** The frame around every page: language, colour, landmarks, and the nonce on the one style and the one script. */
import { type Markup, markup, ownPath, pageLink, trusted } from './markup.ts'
import { pageStyle } from './style.ts'
import { DICTIONARIES, type Language } from './text.ts'

/** Whose page it is. */
export interface PageTenant {
  name: string
  /** `#rrggbb`; shades too light or too dark to read are moved until they can be read. */
  colour: string
  /** The privacy notice (GDPR articles 13 and 14); left out when it is not a link a page may carry. */
  noticeUrl?: string | undefined
}

/** For answers that belong to no tenant, such as an unknown path. */
export const NO_TENANT: PageTenant = { name: 'Identity Bridge', colour: '#1f4e8c' }

export interface PageFrame {
  language: Language
  tenant: PageTenant
  /** The nonce of the Content-Security-Policy that goes out with this page. */
  nonce: string
  /** What the window is called, before the tenant's name. */
  title: string
  /** How often a browser without script loads the page anew, and from which path on this origin. */
  refresh?: { seconds: number; url: string }
  /** Where every browser goes from here at once: a page may lead there ({@link returnLink}). */
  onward?: string
  /** Our own constant script, run at the end of the page. */
  script?: string
  /** Two columns fit beside one another. */
  wide?: boolean
  body: Markup
}

/** The whole page as HTML text. Pure; every value in it is escaped. Throws TypeError when `refresh` leaves this origin. */
export function renderPage(frame: PageFrame): string {
  const { language, tenant, nonce, title, refresh, onward, script, wide, body } = frame
  return markup`<!doctype html>
<html lang="${language}"${wide === true && trusted(' class="wide"')}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – ${tenant.name}</title>
${
  refresh !== undefined &&
  markup`<noscript><meta http-equiv="refresh" content="${refresh.seconds};url=${ownPath('refresh.url', refresh.url)}"></noscript>`
}
${onward !== undefined && markup`<meta http-equiv="refresh" content="0;url=${onward}">`}
<style nonce="${nonce}">${trusted(pageStyle(tenant.colour))}</style>
</head>
<body>
<header><span class="mark" aria-hidden="true">${initial(tenant.name)}</span><bdi>${tenant.name}</bdi></header>
<main>${body}</main>
<footer>${noticeLink(tenant, DICTIONARIES[language].notice)}</footer>
${script !== undefined && markup`<script nonce="${nonce}">${trusted(script)}</script>`}
</body>
</html>
`.toString()
}

/** The link to the tenant's privacy notice, or nothing where there is none. */
export function noticeLink(tenant: PageTenant, text: string): Markup | undefined {
  const link = pageLink(tenant.noticeUrl)
  // A new tab, because leaving this page would leave the login that is under way.
  return link === undefined
    ? undefined
    : markup`<a class="quiet" href="${link}" target="_blank" rel="noopener noreferrer">${text}</a>`
}

function initial(name: string): string {
  const [first = ''] = name.trim()
  return first.toUpperCase()
}
