/** The page on which a person chooses how their wallet answers, and waits for it. */
import { fromInstant, type IsoInstant, SECOND } from '../../domain/time.ts'
import { DIGITAL_SCRIPT } from './digital-script.ts'
import { noticeLink, type PageTenant, renderPage } from './layout.ts'
import { LOGIN_SCRIPT } from './login-script.ts'
import { type Markup, markup, ownPath, pageLink, walletLink } from './markup.ts'
import { DICTIONARIES, type Dictionary, type Language } from './text.ts'

/** How often a browser without script asks again: slow enough to read, quick enough for two minutes. */
const REFRESH_SECONDS = 10

/** What the status endpoint says; the script on the page reads it as JSON. */
export interface LoginStatus {
  state: 'waiting' | 'retrieved' | 'continue' | 'failed' | 'expired'
  /** Where the browser goes next, a path on this origin; with `continue` always, with `failed` and `expired` if there is one. */
  next?: string
}

export interface LoginPageView {
  language: Language
  nonce: string
  tenant: PageTenant
  /** For whom: the relying party's name as the tenant registered it. */
  relyingPartyName: string
  /** Where: the host of this page, as a person reads it in the address bar. */
  host: string
  /** Why the data is asked for, one sentence in the page's language. */
  purpose?: string | undefined
  /** What: a label for each attribute asked for, in the page's language. */
  requested: readonly string[]
  /** Opens the wallet on this device: `openid4vp://…`, another wallet scheme, or https. */
  walletLink: string
  /** Where the script gets the question for the browser and brings its answer; absent where the tenant does not ask that way. */
  digital?: { requestUrl: string; responseUrl: string } | undefined
  /** The QR code's SVG, a path on this origin; without it the page offers no other device. */
  qrUrl?: string | undefined
  /** Until when the QR code is good; needed with it. */
  qrExpiresAt?: IsoInstant | undefined
  /** Answers {@link LoginStatus} as JSON; a path on this origin. */
  statusUrl: string
  /** This page itself, for browsers without script; a path on this origin. */
  refreshUrl: string
  /** Ends the login and goes back to the relying party, by POST; a path on this origin. */
  cancelUrl: string
  /** Starts again once the time is up. */
  tryAgainUrl?: string | undefined
  state: 'waiting' | 'retrieved'
  /** The server's time, milliseconds since the epoch; the person's own clock is not asked. */
  now: number
  expiresAt: IsoInstant
  /** Takes the choice of one of the {@link alternatives}, by POST; a path on this origin. */
  directUrl: string
  /** Providers to log in at without a wallet, by slug; may be empty. */
  alternatives: readonly { slug: string; name: string }[]
}

/**
 * The login page as HTML text: what is asked, why and for whom stand before the button that opens the wallet (VP-136), the
 * privacy notice with them (GDPR articles 13 and 14), and the warning beside the QR code (VP-133). Pure. Throws TypeError
 * when the wallet's link is of no permitted scheme or one of our own links leaves this origin.
 */
export function renderLoginPage(view: LoginPageView): string {
  const text = DICTIONARIES[view.language].login
  return renderPage({
    language: view.language,
    nonce: view.nonce,
    // The notice stands beside the list of what is asked; once on a page is enough.
    tenant: { ...view.tenant, noticeUrl: undefined },
    title: `${text.title} ${view.relyingPartyName}`,
    refresh: { seconds: REFRESH_SECONDS, url: view.refreshUrl },
    script: view.digital === undefined ? LOGIN_SCRIPT : `${DIGITAL_SCRIPT};\n${LOGIN_SCRIPT}`,
    wide: view.qrUrl !== undefined,
    body: markup`<div id="login" class="card"${scriptData(view, text)}>
<div id="open"${view.qrUrl !== undefined && markup` class="with-code"`}>
<div class="request">
<h1>${text.title} <bdi>${view.relyingPartyName}</bdi></h1>
${drawRequest(view, text)}
${drawDigital(view, text)}
<a class="button" id="wallet" href="${requireWalletLink(view.walletLink)}" rel="noreferrer">${text.openWallet}</a>
${drawProgress(view, text)}
</div>
<div class="code">${drawCode(view, text)}
${drawAlternatives(view, text)}</div>
${drawLeave(view, text.cancel)}
</div>
${drawEnded(view, text)}
</div>`,
  })
}

type LoginText = Dictionary['login']

/** The script is the same for everyone; what differs reaches it as attributes, where escaping is plain. */
function scriptData(view: LoginPageView, text: LoginText): Markup {
  return markup` data-status-url="${ownPath('statusUrl', view.statusUrl)}" data-state="${view.state}"
data-seconds-left="${secondsLeft(view, view.expiresAt)}"
data-code-seconds-left="${secondsLeft(view, view.qrExpiresAt ?? view.expiresAt)}" data-waiting="${text.waiting}" data-retrieved="${text.retrieved}"
data-going="${text.going}" data-offline="${text.offline}" data-minute-left="${text.minuteLeft}"
data-half-minute-left="${text.secondsLeft(30)}" data-ten-seconds-left="${text.secondsLeft(10)}"
data-expired-title="${text.expiredTitle}" data-expired-text="${text.expiredText}"
data-failed-title="${text.failedTitle}" data-failed-text="${text.failedText}"`
}

function drawRequest(view: LoginPageView, text: LoginText): Markup {
  const notice = noticeLink(view.tenant, text.notice)
  return markup`${view.purpose !== undefined && markup`<p>${view.purpose}</p>`}
${
  view.requested.length > 0 &&
  markup`<h2>${text.requested}</h2>
<ul class="asked">${view.requested.map((label) => markup`<li><span>${label}</span></li>`)}</ul>`
}
<p class="soft">${text.agreement}</p>
${notice !== undefined && markup`<p class="soft">${notice}</p>`}`
}

/** Hidden until the script finds a browser that can (Digital Credentials API). */
function drawDigital(view: LoginPageView, text: LoginText): Markup | undefined {
  if (view.digital === undefined) return undefined
  const { requestUrl, responseUrl } = view.digital
  return markup`<button class="button" id="digital" type="button" hidden data-request-url="${ownPath('requestUrl', requestUrl)}"
data-response-url="${ownPath('responseUrl', responseUrl)}" data-instead="${text.openWalletInstead}"
data-asking="${text.browserAsks}" data-failed="${text.browserFailed}">${text.shareThroughBrowser}</button>
<p class="soft" id="digital-news" role="status"></p>`
}

function drawProgress(view: LoginPageView, text: LoginText): Markup {
  const left = secondsLeft(view, view.expiresAt)
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return markup`<div class="progress">
<p class="news"><span id="news" role="status">${text[view.state]}</span></p>
<p class="time">${text.timeLeft} <span id="clock" role="timer">${clock}</span></p>
<span id="time-news" class="away" role="status"></span>
</div>
<noscript><p class="soft">${text.checksItself(REFRESH_SECONDS)} <a class="quiet"
href="${ownPath('refreshUrl', view.refreshUrl)}">${text.checkNow}</a></p></noscript>`
}

function drawCode(view: LoginPageView, text: LoginText): Markup | undefined {
  if (view.qrUrl === undefined) return undefined
  // Closed until the script finds a wide screen: on a phone the code would only push the button away, and a lazy
  // image in a closed part is never fetched.
  return markup`<details id="other-device"><summary>${text.otherDevice}</summary><div id="code" class="scan">
<p>${text.qrStep}</p>
<img src="${ownPath('qrUrl', view.qrUrl)}" alt="${text.qrAlt}" width="272" height="272" loading="lazy">
<p><strong>${text.qrWarning(view.host)}</strong></p>
<p class="soft">${text.qrFor} <bdi>${view.relyingPartyName}</bdi>.</p>
</div><p id="code-over" hidden>${text.qrOver}</p></details>`
}

function drawAlternatives(view: LoginPageView, text: LoginText): Markup | undefined {
  if (view.alternatives.length === 0) return undefined
  const ways = view.alternatives.map(
    ({ slug, name }) =>
      markup`<button class="button plain" name="provider" value="${slug}"><bdi>${name}</bdi></button>`,
  )
  return markup`<form method="post" action="${ownPath('directUrl', view.directUrl)}">
<h2>${text.alternatives}</h2>${ways}</form>`
}

/** Shown by the script when the time is up, or when the status has no page to go to. */
function drawEnded(view: LoginPageView, text: LoginText): Markup {
  const { tryAgain, goBack } = DICTIONARIES[view.language]
  const again = pageLink(view.tryAgainUrl)
  return markup`<div id="ended" hidden>
<h2 id="ended-title" tabindex="-1">${text.expiredTitle}</h2><p id="ended-text">${text.expiredText}</p>
${again !== undefined && markup`<a class="button" href="${again}">${tryAgain}</a>`}
${drawLeave(view, goBack)}
</div>`
}

/** The way back to the relying party, under the words that fit: "Cancel" while the login is open, "Go back" after it. */
function drawLeave(view: LoginPageView, words: string): Markup {
  return markup`<form class="leave" method="post" action="${ownPath('cancelUrl', view.cancelUrl)}">
<button class="quiet">${words}</button></form>`
}

function requireWalletLink(link: string): string {
  const permitted = walletLink(link)
  if (permitted === undefined) throw new TypeError('walletLink has no scheme that opens a wallet')
  return permitted
}

/** Whole seconds, never below zero. */
function secondsLeft(view: LoginPageView, until: IsoInstant): number {
  return Math.max(0, Math.ceil((fromInstant(until) - view.now) / SECOND))
}
