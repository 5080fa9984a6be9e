/** A browser without a window, just able to log somebody in at the demo's OpenID provider. */

/**
 * Follows `authorizationUrl` with a fresh cookie jar, fills in the login form, and returns the URL that the provider
 * finally sends the browser to: the bridge's call-back with its parameters. Throws Error when it gets stuck, for instance
 * on a wrong password or an unknown client.
 */
export async function loginAt(
  authorizationUrl: string,
  user: { readonly username: string; readonly password: string },
): Promise<string> {
  return browse(authorizationUrl, new URLSearchParams({ ...pick(user), login: 'yes' }))
}

/** Like {@link loginAt}, but the person presses Cancel. */
export async function cancelAt(authorizationUrl: string): Promise<string> {
  return browse(authorizationUrl, new URLSearchParams({ cancel: 'yes' }))
}

function pick({ username, password }: { username: string; password: string }) {
  return { username, password }
}

const MAX_STEPS = 12

async function browse(start: string, form: URLSearchParams): Promise<string> {
  const jar = new Map<string, string>()
  const { origin } = new URL(start)
  let url = new URL(start)
  let answer = await step(jar, url, undefined)
  let sent = false
  for (let count = 0; count < MAX_STEPS; count++) {
    const location = answer.headers.get('location')
    if (location !== null) {
      url = new URL(location, url)
      if (url.origin !== origin) return url.href
      answer = await step(jar, url, undefined)
      continue
    }
    const page = await answer.text()
    const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1]
    if (action === undefined || sent) throw new Error(`stuck at ${url.pathname}: ${page}`)
    sent = true
    url = new URL(action, url)
    answer = await step(jar, url, form)
  }
  throw new Error(`still being sent about after ${MAX_STEPS} steps`)
}

async function step(
  jar: Map<string, string>,
  url: URL,
  form: URLSearchParams | undefined,
): Promise<Response> {
  const answer = await fetch(url, {
    method: form === undefined ? 'GET' : 'POST',
    body: form ?? null,
    headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
    redirect: 'manual',
  })
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    if (name !== undefined && value !== undefined) jar.set(name, value)
  }
  return answer
}
