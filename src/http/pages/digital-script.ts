/**
 * The part of the login page's script that asks for credentials through the browser (Digital Credentials API), where the
 * browser can. It runs before the rest, which then leaves the QR code closed: the way that is hardest to phish comes first,
 * then a wallet on this device, then the code. A constant, as the rest is; it writes text only and follows own paths only.
 */
export const DIGITAL_SCRIPT = `(() => {
'use strict'
const byId = (id) => document.getElementById(id)
const button = byId('digital')
if (!button || typeof DigitalCredential !== 'function' || !navigator.credentials) return
const said = button.dataset
const link = byId('wallet'), news = byId('digital-news'), otherDevice = byId('other-device')
const linkWords = link.textContent
let requests, busy = false

const post = (url, body) => fetch(url, { method: 'POST', body, credentials: 'same-origin', cache: 'no-store',
  redirect: 'error', headers: { accept: 'application/json', 'content-type': 'application/json' } })

const allows = ({ protocol }) => typeof DigitalCredential.userAgentAllowsProtocol !== 'function'
  || DigitalCredential.userAgentAllowsProtocol(protocol)

// Asked for beforehand: a browser opens a wallet only in the moment after a click. Each try has a question of its own.
const prepare = async () => {
  requests = undefined
  const response = await post(said.requestUrl)
  if (!response.ok) throw new Error('request ' + response.status)
  const offered = (await response.json()).requests.filter(allows)
  if (offered.length === 0) throw new Error('no protocol')
  requests = offered
}

const showOtherWays = () => {
  if (otherDevice && matchMedia('(min-width: 48rem)').matches) otherDevice.open = true
}

const withdraw = () => {
  button.hidden = true
  link.classList.remove('plain')
  link.textContent = linkWords
  delete byId('login').dataset.digital
  showOtherWays()
}

const share = async () => {
  const credential = await navigator.credentials.get({ mediation: 'required', digital: { requests } })
  const { protocol, data } = credential
  const answer = await post(said.responseUrl,
    JSON.stringify({ protocol, data: typeof data === 'string' ? JSON.parse(data) : data }))
  if (!answer.ok) throw new Error('response ' + answer.status)
  const { next } = await answer.json()
  if (typeof next !== 'string' || new URL(next, location.origin).origin !== location.origin) throw new Error('next')
  location.replace(next)
}

button.addEventListener('click', async () => {
  if (busy) return
  busy = true
  news.textContent = said.asking
  try {
    if (!requests) await prepare()
    await share()
    return
  } catch {
    news.textContent = said.failed
    showOtherWays()
  }
  await prepare().catch(() => {})
  busy = false
})

button.hidden = false
link.classList.add('plain')
link.textContent = said.instead
byId('login').dataset.digital = 'able'
prepare().catch(withdraw)
})()`
