/** A known person's login at any client of the tenant, by openid-client. */
import { type ClientAuth, ClientSecretBasic } from 'openid-client'
import { createBrowser } from '../../demo/browser.ts'
import {
  createRelyingParty,
  type Login,
  type RelyingPartyProgram,
} from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { type Bridge, presentAt, REDIRECT_URI } from '../support/bridge.ts'
import type { TestClient } from './clients.ts'

export async function relyingPartyOf(
  bridge: Bridge,
  client: TestClient,
  options: { authentication?: ClientAuth; scope?: string; redirectUri?: string } = {},
): Promise<RelyingPartyProgram> {
  return await createRelyingParty({
    issuer: bridge.tenant.issuer,
    clientId: client.id,
    redirectUri: options.redirectUri ?? REDIRECT_URI,
    authentication: options.authentication ?? ClientSecretBasic(client.secret),
    idTokenAlgorithm: client.relyingParty.idTokenAlgorithm,
    scope: options.scope ?? 'openid profile email offline_access',
  })
}

/** The wallet must be known to the tenant already. */
export async function loginOf(
  wallet: Wallet,
  program: RelyingPartyProgram,
  parameters: Record<string, string> = {},
): Promise<Login> {
  const browser = createBrowser()
  const attempt = await program.begin(parameters)
  const returned = await presentAt(browser, wallet, attempt)
  const end = await browser.follow(returned, (url) => url.startsWith(REDIRECT_URI))
  if (end.location === undefined) throw new Error(`the login ended with ${end.status}`)
  return await attempt.finish(end.location)
}
