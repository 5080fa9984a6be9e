/** A relying party as a website: a button, and what it learns of the person. */
import { type Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import type { Attempt, Login, RelyingPartyProgram } from './relying-party.ts'
import { RELYING_PARTY_NAME } from './set-up.ts'
import { answerPage } from './site.ts'

const COOKIE = 'course-catalogue-login'
/** Logins under way; the oldest is given up first. */
const MOST_ATTEMPTS = 100

/** `completed` is called after each login, before its page is shown. */
export function relyingPartyPages(
  program: RelyingPartyProgram,
  url: string,
  completed: () => Promise<void>,
): Hono {
  const attempts = new Map<string, Attempt>()
  const app = new Hono()
  app.get('/', () =>
    answerPage(
      RELYING_PARTY_NAME,
      html`<p>To show you your courses we need to know who you are.</p>
<p><a class="button" href="/login">Log in</a></p>`,
    ),
  )
  app.get('/login', async (http) => {
    const attempt = await program.begin()
    attempts.set(attempt.state, attempt)
    const [oldest] = attempts.keys()
    if (attempts.size > MOST_ATTEMPTS && oldest !== undefined) attempts.delete(oldest)
    setCookie(http, COOKIE, attempt.state, { httpOnly: true, sameSite: 'Lax', path: '/' })
    return http.redirect(attempt.url, 303)
  })
  app.get('/callback', async (http) => {
    const attempt = takeAttempt(http, attempts)
    if (attempt === undefined) return answerProblem('This login was not begun in this browser.')
    try {
      const { search } = new URL(http.req.url)
      const login = await attempt.finish(`${url}/callback${search}`)
      await completed()
      return showLogin(login)
    } catch (error) {
      return answerProblem(error instanceof Error ? error.message : 'It went wrong.')
    }
  })
  return app
}

/** The attempt of this browser, once. */
function takeAttempt(http: Context, attempts: Map<string, Attempt>): Attempt | undefined {
  const state = http.req.query('state')
  if (state === undefined || getCookie(http, COOKIE) !== state) return undefined
  const attempt = attempts.get(state)
  attempts.delete(state)
  return attempt
}

function showLogin({ idToken, claims }: Login): Promise<Response> {
  return answerPage(
    `Welcome, ${claims.given_name ?? 'whoever you are'}`,
    html`<h2>ID token</h2>${table(idToken)}<h2>Userinfo</h2>${table(claims)}
<p><a class="button" href="/login">Log in again</a></p>
<p class="soft">The same wallet gives the same subject, without the institution.</p>`,
  )
}

function table(claims: object) {
  const rows = Object.entries(claims).map(
    ([name, value]) =>
      html`<tr><th scope="row">${name}</th><td>${typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>`,
  )
  return html`<table>${rows}</table>`
}

function answerProblem(sentence: string): Promise<Response> {
  return answerPage(
    'You are not logged in',
    html`<p>${sentence}</p><p><a class="button" href="/login">Try again</a></p>`,
    400,
  )
}
