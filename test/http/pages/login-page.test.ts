import { expect, test } from 'vitest'
import { toInstant } from '../../../src/domain/time.ts'
import { renderLoginPage } from '../../../src/http/pages/login-page.ts'
import { loginView, NONCE, NOW, tags, WALLET_LINK, words } from './samples.ts'

const page = renderLoginPage(loginView())

test('VP-136 who asks, what and why stand before the link that opens the wallet', () => {
  const button = page.indexOf('id="wallet"')
  for (const text of [
    'University Library',
    'Example University',
    'So that the library',
    'Student number',
  ]) {
    expect(page.indexOf(text, page.indexOf('<body>'))).toBeGreaterThan(0)
    expect(page.indexOf(text, page.indexOf('<body>'))).toBeLessThan(button)
  }
})

test('GDPR 13/14 the privacy notice is linked once, before the link that opens the wallet', () => {
  const notice = 'href="https://www.example.edu/privacy"'
  expect(page.split(notice)).toHaveLength(2)
  expect(page.indexOf(notice)).toBeLessThan(page.indexOf('id="wallet"'))
})

test('VP-133 beside the code stand what it does, where it belongs and for whom it logs in', () => {
  const beside = words(page.slice(page.indexOf('<details')))
  expect(beside).toContain(
    'Only scan this code if you started this login yourself, here on login.example.edu.',
  )
  expect(beside).toContain('It logs you in on this screen, to University Library')
  expect(tags(page, 'img')).toEqual([
    {
      src: '/t/example/qr/1',
      alt: 'QR code that opens this login in your wallet app',
      width: '272',
      height: '272',
      loading: 'lazy',
    },
  ])
})

test('VP-133 with cross-device off the page has no code and no word of one', () => {
  const without = renderLoginPage(loginView({ qrUrl: undefined }))
  expect(tags(without, 'img')).toEqual([])
  expect(words(without)).not.toMatch(/QR|scan|another device/i)
})

test('the wallet opens by the link given', () => {
  expect(tags(page, 'a').find(({ id }) => id === 'wallet')?.href).toBe(WALLET_LINK)
})

test('WCAG 2.2 the page has its language, title, one main landmark and one first heading', () => {
  expect(tags(page, 'html')).toEqual([{ lang: 'en', class: 'wide' }])
  expect(page).toContain('<title>Log in to University Library – Example University</title>')
  for (const once of ['<main>', '<header>', '<footer>', '<h1>'])
    expect(page.split(once)).toHaveLength(2)
})

test('the page speaks Dutch', () => {
  const dutch = renderLoginPage(loginView({ language: 'nl' }))
  expect(tags(dutch, 'html')[0]?.lang).toBe('nl')
  expect(words(dutch)).toContain('Open mijn wallet')
  expect(words(dutch)).not.toMatch(/wallet will|Cancel|Waiting|Scan this/)
})

test('without script the page loads itself anew and says so', () => {
  expect(page).toContain(
    '<noscript><meta http-equiv="refresh" content="10;url=/t/example/continue/1"></noscript>',
  )
  expect(words(page)).toContain('This page looks for an answer every 10 seconds. Look now')
  const retrieved = renderLoginPage(loginView({ state: 'retrieved' }))
  expect(words(retrieved)).toContain('Your wallet has the request. Confirm there.')
})

test.each([
  [120_000, '2:00', '120'],
  [119_001, '2:00', '120'],
  [61_000, '1:01', '61'],
  [9_000, '0:09', '9'],
  [0, '0:00', '0'],
  [-5_000, '0:00', '0'],
])('the countdown starts from the server’s time: %d ms are %s', (left, clock, seconds) => {
  const drawn = renderLoginPage(loginView({ expiresAt: toInstant(NOW + left) }))
  expect(drawn).toContain(`<span id="clock" role="timer">${clock}</span>`)
  expect(drawn).toContain(`data-seconds-left="${seconds}"`)
})

test('ways without a wallet are buttons of one form, by POST', () => {
  const alternatives = [
    { slug: 'surf', name: 'SURF' },
    { slug: 'eduid', name: 'eduID' },
  ]
  const drawn = renderLoginPage(loginView({ alternatives }))
  expect(words(drawn)).toContain('Log in without a wallet SURF eduID')
  expect(tags(drawn, 'form')[0]).toEqual({ method: 'post', action: '/t/example/direct/1' })
  expect(tags(drawn, 'button').filter(({ name }) => name === 'provider')).toEqual([
    { class: 'button plain', name: 'provider', value: 'surf' },
    { class: 'button plain', name: 'provider', value: 'eduid' },
  ])
  expect(words(page)).not.toContain('without a wallet')
  expect(page).not.toContain('/direct/')
})

test('leaving is a button: nothing that follows links can end a login', () => {
  const leave = tags(page, 'form').filter(({ class: name }) => name === 'leave')
  expect(leave).toEqual(
    Array(2).fill({ class: 'leave', method: 'post', action: '/t/example/cancel/1' }),
  )
  expect(tags(page, 'a').map(({ href }) => href)).not.toContain('/t/example/cancel/1')
})

test('OP-24 style and script carry the nonce, nothing is inline besides, nothing comes from elsewhere', () => {
  expect(tags(page, 'style')).toEqual([{ nonce: NONCE }])
  expect(tags(page, 'script')).toEqual([{ nonce: NONCE }])
  expect(page).not.toMatch(/\sstyle=|\son[a-z]+="|<link|<iframe|<object|@import|url\(/)
  expect(tags(page, 'img').every(({ src }) => src?.startsWith('/'))).toBe(true)
})

const EVIL = `"><script>alert('x')</script><img src=x onerror=alert(1)>`

test('OP-24 no value from outside becomes markup', () => {
  const drawn = renderLoginPage(
    loginView({
      tenant: { name: EVIL, colour: EVIL, noticeUrl: `https://a.example/${EVIL}` },
      relyingPartyName: EVIL,
      host: EVIL,
      purpose: EVIL,
      requested: [EVIL],
      qrUrl: `/q${EVIL.replaceAll(' ', '+')}`,
      statusUrl: `/s${EVIL.replaceAll(' ', '+')}`,
      refreshUrl: `/r${EVIL.replaceAll(' ', '+')}`,
      cancelUrl: `/c${EVIL.replaceAll(' ', '+')}`,
      walletLink: `openid4vp://?x=${EVIL.replaceAll(' ', '+')}`,
      directUrl: `/d${EVIL.replaceAll(' ', '+')}`,
      alternatives: [{ slug: EVIL, name: EVIL }],
    }),
  )
  expect(drawn.split('<script')).toHaveLength(2)
  expect(drawn.split('<img')).toHaveLength(2)
  expect(tags(drawn, 'img')[0]?.src).toBe(`/q${EVIL.replaceAll(' ', '+')}`)
  expect(words(drawn)).toContain(EVIL)
})

test.each(['javascript:alert(1)', 'data:text/html,x', 'mailto:a@b.example'])(
  'OP-24 a wallet link %s is refused without repeating it',
  (walletLink) => {
    expect(() => renderLoginPage(loginView({ walletLink }))).toThrow(
      new TypeError('walletLink has no scheme that opens a wallet'),
    )
  },
)

test.each(['statusUrl', 'qrUrl', 'refreshUrl', 'cancelUrl', 'directUrl'] as const)(
  'OP-24 %s stays on this origin',
  (name) => {
    const alternatives = [{ slug: 'surf', name: 'SURF' }]
    const view = loginView({ [name]: 'https://evil.example/', alternatives })
    expect(() => renderLoginPage(view)).toThrow(TypeError)
  },
)

test('OP-24 links to leave by are dropped when they are no links', () => {
  const drawn = renderLoginPage(
    loginView({
      tryAgainUrl: 'javascript:alert(2)',
      tenant: { name: 'T', colour: '#000000', noticeUrl: 'javascript:alert(3)' },
    }),
  )
  expect(drawn).not.toContain('javascript:')
})

test('the button that asks through the browser is hidden until the script finds that the browser can', () => {
  expect(page).not.toContain('id="digital"')
  const digital = { requestUrl: '/t/example/ask/1', responseUrl: '/t/example/answer/1' }
  const drawn = renderLoginPage(loginView({ digital }))
  expect(tags(drawn, 'button').find(({ id }) => id === 'digital')).toMatchObject({
    ...{ type: 'button', hidden: '' },
    'data-request-url': '/t/example/ask/1',
    'data-response-url': '/t/example/answer/1',
  })
  // The way that is hardest to phish stands first.
  expect(drawn.indexOf('id="digital"')).toBeLessThan(drawn.indexOf('id="wallet"'))
  expect(() =>
    renderLoginPage(loginView({ digital: { ...digital, requestUrl: 'https://x.example/' } })),
  ).toThrow(TypeError)
})
