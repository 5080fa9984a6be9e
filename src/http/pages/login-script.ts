/**
 * The script of the login page, as text, for a browser runs it and not we. It is a constant: what differs from login to
 * login is read from the page's data attributes. It writes text only (`textContent`), never markup, and follows a `next`
 * only to a path on this origin.
 */
export const LOGIN_SCRIPT = `(() => {
'use strict'
const byId = (id) => document.getElementById(id)
const page = byId('login')
const said = page.dataset
const QUICK = 2000, SLOW = 15000, GRACE = 10000
const started = performance.now()
const end = started + Number(said.secondsLeft) * 1000
let state = said.state, pause = QUICK, failures = 0, asking = false, over = false, timer

// Writing the same words again would make a screen reader say them again.
const say = (where, words) => { if (where.textContent !== words) where.textContent = words }

const showEnd = (title, text) => {
  if (!byId('ended').hidden) return
  say(byId('ended-title'), title)
  say(byId('ended-text'), text)
  byId('open').hidden = true
  byId('ended').hidden = false
  document.title = title
  byId('ended-title').focus()
}

const go = (next) => {
  const here = typeof next === 'string' && next.startsWith('/')
    && new URL(next, location.origin).origin === location.origin
  if (here) location.replace(next)
  return here
}

const react = (answer) => {
  if (answer.state === 'waiting' || answer.state === 'retrieved') {
    state = answer.state
    say(byId('news'), said[state])
    return
  }
  over = true
  say(byId('news'), said.going)
  if (go(answer.next)) return
  if (answer.state === 'expired') showEnd(said.expiredTitle, said.expiredText)
  else showEnd(said.failedTitle, said.failedText)
}

const ask = async () => {
  if (asking || over) return
  asking = true
  clearTimeout(timer)
  try {
    const response = await fetch(said.statusUrl, { credentials: 'same-origin', cache: 'no-store',
      redirect: 'error', headers: { accept: 'application/json' }, signal: AbortSignal.timeout(10000) })
    if (!response.ok) throw new Error('status ' + response.status)
    const answer = await response.json()
    failures = 0
    react(answer)
  } catch {
    failures += 1
    // One lost question is nothing to speak of.
    if (failures > 1) say(byId('news'), said.offline)
  }
  asking = false
  // After the end a few more questions, for an answer that came in the last second.
  if (performance.now() > end + GRACE) over = true
  pause = document.hidden || failures > 0 ? Math.min(pause * 2, SLOW) : QUICK
  if (!over) timer = setTimeout(ask, pause)
}

const announcements = new Map([[60, said.minuteLeft], [30, said.halfMinuteLeft], [10, said.tenSecondsLeft]])

const tick = () => {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000))
  say(byId('clock'), Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0'))
  for (const [seconds, words] of announcements) {
    if (left > seconds) continue
    announcements.delete(seconds)
    // A page that is opened late, or woken, says only what still holds.
    if (left > seconds - 5) say(byId('time-news'), words)
  }
  if (left > 0) return
  clearInterval(ticking)
  if (over) return
  ask()
  showEnd(said.expiredTitle, said.expiredText)
}
const ticking = setInterval(tick, 1000)

// The code may be relayed, so it lives shorter than the page.
const code = byId('code')
if (code) setTimeout(() => {
  code.hidden = true
  byId('code-over').hidden = false
}, Number(said.codeSecondsLeft) * 1000)

// The server makes another code every half minute, until a wallet has read one: a little later it is asked for.
const picture = code && code.querySelector('img')
if (picture) {
  const path = picture.getAttribute('src')
  let codes = 0, renewal
  const renew = () => {
    if (state !== 'waiting' || code.hidden || over) return
    codes += 1
    picture.src = path + '?' + codes
  }
  const later = () => {
    clearTimeout(renewal)
    renewal = setTimeout(renew, 30500)
  }
  if (picture.complete && picture.naturalWidth > 0) later()
  picture.addEventListener('load', later)
  picture.addEventListener('error', later)
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return
  pause = QUICK
  ask()
})

const otherDevice = byId('other-device')
if (otherDevice) {
  const roomy = matchMedia('(min-width: 48rem)')
  const fit = () => { otherDevice.open = roomy.matches && said.digital !== 'able' }
  fit()
  roomy.addEventListener('change', fit)
}
timer = setTimeout(ask, QUICK)
tick()
})()`
