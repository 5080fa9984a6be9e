/** A browser without a screen: cookies by origin, redirects one at a time, so that each step can be looked at. */

export interface Page {
  url: string
  status: number
  /** Where a redirect leads, absolute. */
  location: string | undefined
  headers: Headers
  text: string
}

export interface Browser {
  get(url: string): Promise<Page>
  post(url: string, form: Record<string, string>): Promise<Page>
  /**
   * Follows redirects until an answer is none, or the next address satisfies `until`. Where a page asks whether wallet and
   * account are both this person's, they say yes.
   */
  follow(url: string, until?: (url: string) => boolean): Promise<Page>
  /** `name=value; …` as it would be sent to an address. */
  cookies(url: string): string
  /** What it would take to be this browser somewhere else. */
  steal(): Browser
}

const MAX_STEPS = 12

export function createBrowser(jar: Map<string, Map<string, string>> = new Map()): Browser {
  const cookiesOf = (url: string) => {
    const { origin } = new URL(url)
    const kept = jar.get(origin) ?? new Map<string, string>()
    jar.set(origin, kept)
    return kept
  }
  const cookies = (url: string) =>
    [...cookiesOf(url)].map(([name, value]) => `${name}=${value}`).join('; ')

  async function ask(url: string, init: RequestInit): Promise<Page> {
    const header = cookies(url)
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        ...(header === '' ? {} : { cookie: header }),
        ...init.headers,
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const mark = pair.indexOf('=')
      cookiesOf(url).set(pair.slice(0, mark), pair.slice(mark + 1))
    }
    const location = response.headers.get('location')
    return {
      url,
      status: response.status,
      location: location === null ? undefined : new URL(location, url).href,
      headers: response.headers,
      text: await response.text(),
    }
  }

  /** Presses the button of a confirmation page; where that leads is the page's `location` then. */
  async function sayYes(page: Page): Promise<Page> {
    const action = confirmActionOn(page.text)
    if (page.status !== 200 || action === undefined) return page
    const address = new URL(action, page.url).href
    const answer = await ask(address, { method: 'POST', body: new URLSearchParams() })
    return { ...answer, location: answer.location ?? onwardLinkIn(answer.text) }
  }

  const browser: Browser = {
    cookies,
    get: (url) => ask(url, { method: 'GET' }),
    post: (url, form) => ask(url, { method: 'POST', body: new URLSearchParams(form) }),
    async follow(url, until = () => false) {
      let page = await sayYes(await ask(url, { method: 'GET' }))
      for (let step = 0; page.location !== undefined && step < MAX_STEPS; step++) {
        if (until(page.location)) return page
        page = await sayYes(await ask(page.location, { method: 'GET' }))
      }
      return page
    },
    steal: () => createBrowser(new Map([...jar].map(([origin, kept]) => [origin, new Map(kept)]))),
  }
  return browser
}

/** The wallet link on a login page. */
export function walletLinkOn(html: string): string {
  const link = /href="((?:openid4vp|haip-vp):\/\/[^"]+)"/.exec(html)?.[1]
  if (link === undefined) throw new Error('no wallet link on the page')
  return link.replaceAll('&amp;', '&')
}

/** Where a page sends every browser at once (`meta refresh`), as after a button that leads to another site. */
export function onwardLinkOn(html: string): string {
  const link = onwardLinkIn(html)
  if (link === undefined) throw new Error('the page leads nowhere')
  return link
}

function onwardLinkIn(html: string): string | undefined {
  const link = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(html)?.[1]
  return link?.replaceAll('&amp;', '&')
}

/** The form of the page that names wallet and account; undefined on every other page. */
export function confirmActionOn(html: string): string | undefined {
  return /<form method="post" action="([^"]+\/confirm)">/.exec(html)?.[1]
}
