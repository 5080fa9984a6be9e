/** A small server for the page tests: our pages with our headers, and a status that the test sets by hand. */
import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { renderAccountPage } from '../../src/http/pages/account-page.ts'
import { renderConfirmPage } from '../../src/http/pages/confirm-page.ts'
import { renderConsentPage } from '../../src/http/pages/consent-page.ts'
import { pageHeaders } from '../../src/http/pages/content-security-policy.ts'
import { renderEndPage } from '../../src/http/pages/end-page.ts'
import type { LoginStatus } from '../../src/http/pages/login-page.ts'
import { renderLoginPage } from '../../src/http/pages/login-page.ts'
import { renderLogoutPage } from '../../src/http/pages/logout-page.ts'
import { renderOwnData } from '../../src/http/pages/own-data-page.ts'
import { renderProviderTestPage } from '../../src/http/pages/provider-test-page.ts'
import { renderQr } from '../../src/http/pages/qr.ts'
import { renderReferencePage } from '../../src/http/pages/reference-page.ts'
import { renderSessionPage } from '../../src/http/pages/session-page.ts'
import type { Language } from '../../src/http/pages/text.ts'
import {
  accountView,
  confirmView,
  consentView,
  endView,
  loginView,
  logoutView,
  OPENAPI,
  ownDataView,
  providerTestView,
  sessionView,
  WALLET_LINK,
} from '../http/pages/samples.ts'

export interface PageServer {
  origin: string
  /** What the status endpoint answers next; `undefined` breaks the connection. */
  status: LoginStatus | undefined
  /** Changes to the login page's view from now on. */
  login: Parameters<typeof loginView>[0]
  /** How often each path was asked for. */
  asked: Map<string, number>
  close(): Promise<void>
}

/**
 * Serves `/login`, `/account`, `/confirm`, `/consent`, `/session`, `/provider-test`, `/end/{kind}` and `/reference` (with `?nl` in Dutch), the QR code and the status on a free port of this
 * machine.
 */
export async function servePages(): Promise<PageServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    pages.asked.set(url.pathname, (pages.asked.get(url.pathname) ?? 0) + 1)
    const language = url.searchParams.has('nl') ? 'nl' : 'en'
    if (url.pathname === '/t/example/qr/1') sendQr(response)
    else if (url.pathname === '/t/example/status/1') sendStatus(response, pages.status)
    else if (url.pathname === '/favicon.ico') response.writeHead(204).end()
    else sendPage(response, (nonce) => draw(url, pages, language, nonce))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  const pages: PageServer = {
    origin: `http://127.0.0.1:${port}`,
    status: { state: 'waiting' },
    login: {},
    asked: new Map(),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
  return pages
}

function draw(url: URL, pages: PageServer, language: Language, nonce: string): string {
  const [, first, kind] = url.pathname.split('/')
  if (first === 'reference') return renderReferencePage(OPENAPI, { language, nonce })
  if (first === 'consent') return renderConsentPage(consentView({ language, nonce }))
  if (first === 'confirm') return renderConfirmPage(confirmView({ language, nonce }))
  if (first === 'own-data') return renderOwnData(ownDataView({ language, nonce }))
  if (first === 'session') return renderSessionPage(sessionView({ language, nonce }))
  if (first === 'logout') return renderLogoutPage(logoutView({ language, nonce }))
  if (first === 'provider-test')
    return renderProviderTestPage(providerTestView({ language, nonce }))
  if (first === 'account') return renderAccountPage(accountView({ language, nonce }))
  if (first === 'login') {
    const here = `${url.pathname}${url.search}`
    return renderLoginPage(loginView({ language, nonce, refreshUrl: here, ...pages.login }))
  }
  const known = endView().kind
  return renderEndPage(endView({ language, nonce, kind: (kind ?? known) as typeof known }))
}

function sendPage(response: ServerResponse, render: (nonce: string) => string): void {
  const nonce = randomBytes(16).toString('base64url')
  const page = render(nonce)
  response.writeHead(200, { ...pageHeaders(nonce), 'content-type': 'text/html; charset=utf-8' })
  response.end(page)
}

function sendQr(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'image/svg+xml', 'cache-control': 'no-store' })
  response.end(renderQr(WALLET_LINK))
}

function sendStatus(response: ServerResponse, status: LoginStatus | undefined): void {
  if (status === undefined) return void response.destroy()
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(status))
}
