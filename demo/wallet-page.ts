/**
 * A page that plays the wallet: shows who asks for what, lets the person choose a wallet, and shares or refuses. What it
 * sends is made by the headless wallet of `wallet.ts`, as a real one would.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { answerPage } from './site.ts'
import type { Reply, Wallet } from './wallet.ts'
import { type VerifiedRequest, verifyRequest } from './wallet-request.ts'

export interface WalletPageOptions {
  wallets: readonly { name: string; wallet: Wallet }[]
  /** The one verifier these wallets talk to; a page on localhost must not fetch for strangers. */
  bridgeUrl: string
  /** PEM of the authority these wallets trust. */
  trustAnchor: string
}

export function walletPages(options: WalletPageOptions): Hono {
  const app = new Hono()
  app.onError((error) => answerProblem(error.message))
  app.get('/', () => showHome(options))
  app.get('/scan.js', () => script(readFileSync(new URL('./scan-page.js', import.meta.url))))
  // The decoder and what it imports, as its package ships them.
  for (const name of ['decode', 'index']) {
    const file = createRequire(import.meta.url).resolve(name === 'index' ? 'qr' : `qr/${name}.js`)
    app.get(`/qr/${name}.js`, () => script(readFileSync(file)))
  }
  // The link of the login page on this device, as it stands; that of a QR code comes as a parameter.
  app.get('/wallet', async (http) => showRequest(options, http.req.url))
  app.get('/open', async (http) => showRequest(options, (http.req.query('link') ?? '').trim()))
  app.post('/answer', async (http) => {
    const form = new URLSearchParams(await http.req.text())
    const link = form.get('link') ?? ''
    const chosen = options.wallets[Number(form.get('wallet'))]
    if (chosen === undefined) return answerProblem('There is no such wallet.')
    return form.get('answer') === 'share'
      ? showReply(await share(options, chosen.wallet, link), 'Shared', SHARED)
      : showReply(await refuse(options, chosen.wallet, link), 'Refused', REFUSED)
  })
  return app
}

function showHome({ wallets }: WalletPageOptions): Promise<Response> {
  return answerPage(
    'Demo wallet',
    html`<p>Wallets: ${wallets.map(({ name }) => name).join(', ')}.</p>
<p>A login page on this device opens this page by itself. For the QR code of a login page, as if this were a phone:</p>
<form action="/open"><label>Paste the link that the code holds
<textarea name="link" rows="4" required></textarea></label><button>Open</button></form>
<p><label>or a picture of it: choose a file, or paste a screenshot here with Ctrl-V
<input type="file" id="picture" accept="image/*"></label></p><p role="status" id="news"></p>
<script type="module" src="/scan.js"></script>`,
  )
}

async function showRequest(options: WalletPageOptions, link: string): Promise<Response> {
  const requestObject = await fetchRequest(options, link)
  const verified = await verifyRequest(requestObject, link, options.trustAnchor)
  return answerPage('Share your data?', drawRequest(options, link, verified))
}

function drawRequest({ wallets }: WalletPageOptions, link: string, verified: VerifiedRequest) {
  const { verifier, asked, encrypted } = verified
  const choices = wallets.map(
    ({ name }, index) =>
      html`<label><input type="radio" name="wallet" value="${index}" ${index === 0 ? 'checked' : ''}> ${name}</label>`,
  )
  return html`<div class="card"><p><strong>${verifier}</strong> asks for</p>
<ul>${asked.map((name) => html`<li>${name}</li>`)}</ul>
<p class="soft">Its request is signed, and vouched for by an authority this wallet trusts.
${encrypted ? 'The answer is encrypted for it.' : 'The answer is not encrypted.'}</p></div>
<form method="post" action="/answer"><input type="hidden" name="link" value="${link}">
<fieldset><legend>Whose wallet is this?</legend>${choices}</fieldset>
<p><button name="answer" value="share">Share</button>
<button name="answer" value="refuse" class="plain">Refuse</button></p></form>`
}

async function share(options: WalletPageOptions, wallet: Wallet, link: string): Promise<Reply> {
  await verifyRequest(await fetchRequest(options, link), link, options.trustAnchor)
  return wallet.present(link)
}

async function refuse(options: WalletPageOptions, wallet: Wallet, link: string): Promise<Reply> {
  return wallet.refuse(await fetchRequest(options, link))
}

/** Throws Error with a sentence for the person where there is nothing to answer. */
async function fetchRequest(options: WalletPageOptions, link: string): Promise<string> {
  const { wallets, bridgeUrl } = options
  const uri = URL.parse(link)?.searchParams.get('request_uri') ?? ''
  if (URL.parse(uri)?.origin !== bridgeUrl) {
    throw new Error(`This wallet only answers links of ${bridgeUrl}.`)
  }
  const [first] = wallets
  const answer = await first?.wallet.fetchRequest(link)
  if (answer?.status !== 200) {
    throw new Error(
      'This request is over: it was answered, or its time is up. Begin the login again.',
    )
  }
  return answer.requestObject
}

const SHARED = 'Go on at the screen that showed the QR code.'
const REFUSED = 'You refused, and nothing was shared. The login page knows; go back to it.'

/** A wallet sends the browser where the verifier wants it; without such an address the other screen goes on. */
function showReply(reply: Reply, title: string, sentence: string): Promise<Response> | Response {
  if (reply.redirectUri !== undefined) return Response.redirect(reply.redirectUri, 303)
  if (reply.status !== 200) return answerProblem(`The bridge did not accept it (${reply.status}).`)
  return answerPage(title, html`<p>${sentence}</p>`)
}

function answerProblem(sentence: string): Promise<Response> {
  return answerPage(
    'That did not work',
    html`<p>${sentence}</p><p><a href="/">The wallet's first page</a></p>`,
    400,
  )
}

function script(source: Uint8Array<ArrayBuffer>): Response {
  return new Response(source, { headers: { 'content-type': 'text/javascript; charset=utf-8' } })
}
