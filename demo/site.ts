/** A small website on this machine: for the demo's wallet page and its relying party. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { html } from 'hono/html'

export interface Site {
  url: string
  /** Its pages may be given later, for they may need to know the address. */
  mount(app: Hono): void
  close(): Promise<void>
}

/** Listens on `port`, or on any free one where that is taken. */
export async function openSite(port: number): Promise<Site> {
  const server = createServer()
  const bound = await listen(server, port).catch(() => listen(server, 0))
  return {
    url: `http://localhost:${bound}`,
    mount: (app) => server.on('request', getRequestListener(app.fetch)),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server, 0)
  await new Promise((closed) => server.close(closed))
  return port
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Markup that is escaped already; what `html` makes. */
export type Markup = ReturnType<typeof html>

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#10141a}
h1{font-size:1.5rem}.card{border:1px solid #aab;border-radius:.75rem;padding:1rem 1.25rem;margin:1rem 0}
button,.button{font:inherit;padding:.6rem 1.1rem;border-radius:.5rem;border:1px solid #1f4e79;background:#1f4e79;color:#fff;
text-decoration:none;display:inline-block;cursor:pointer}.plain{background:#fff;color:#1f4e79}
label{display:block;margin:.4rem 0}input[type=text],textarea{font:inherit;width:100%;box-sizing:border-box}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-top:1px solid #dde;
overflow-wrap:anywhere}th{width:14rem;font-weight:600}code{overflow-wrap:anywhere}.soft{color:#445}`

/** The answer with a whole page; every text in `body` has been escaped by `html`. */
export async function answerPage(title: string, body: Markup, status = 200): Promise<Response> {
  const page = await html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>
${body}</main></body></html>`
  return new Response(page.toString(), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  })
}
