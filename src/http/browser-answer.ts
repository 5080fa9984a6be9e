/** What a browser is answered: a page, with the headers that every page of ours carries, or the way on. */
import { pageHeaders } from './pages/content-security-policy.ts'

/** What a page's answer has of its own. */
export interface PageAnswer {
  status?: number
  headers?: Record<string, string>
  /** Origins that a form of the page may lead to; TypeError for what is none. */
  formAction?: readonly string[]
  /** It belongs to a login or a logout that a relying party may have begun in a window of its own. */
  popup?: boolean
}

/** A page that was drawn with this nonce. `headers` come on top of what {@link pageHeaders} says. */
export function answerPage(
  html: string,
  nonce: string,
  { status = 200, headers = {}, formAction = [], popup = false }: PageAnswer = {},
): Response {
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      ...pageHeaders(nonce, { formAction, popup }),
      ...headers,
    },
  })
}

/** A redirect after something was decided: always 303, never cached, no referrer (OP-25, UP-25). */
export function redirectTo(url: string, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: {
      location: url,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      ...headers,
    },
  })
}
