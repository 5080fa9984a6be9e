/** One login at a provider, step by step, as the flows of the bridge make it. */
import { randomText } from '../../src/crypto/random.ts'
import type { Clock } from '../../src/domain/time.ts'
import {
  type AuthorizationAttempt,
  buildAuthorizationUrl,
} from '../../src/institution/authorization.ts'
import { readCallback } from '../../src/institution/callback.ts'
import {
  type ConnectedProvider,
  connectProvider,
  type ProviderConnection,
} from '../../src/institution/connection.ts'
import { exchangeCode, type TokenAnswer } from '../../src/institution/exchange.ts'
import { discoverProvider, type ProviderRegistration } from '../../src/institution/provider.ts'
import { createOutbound, type Outbound } from '../../src/outbound/guard.ts'

export const REDIRECT_URI = 'http://127.0.0.1:9/t/demo/institution/p1/callback'

/** The guard as tests and the demo have it; a failing discovery does not make the test wait. */
export function testOutbound(): Outbound {
  return createOutbound({ allowLoopback: true, failureStepMs: 0 })
}

/** Discovers and connects. */
export async function connect(
  outbound: Outbound,
  registration: Partial<ProviderRegistration> & { issuer: string },
  connection: Partial<ProviderConnection> = {},
  clock: Clock = Date.now,
): Promise<ConnectedProvider> {
  const means = { outbound, clock }
  const metadata = await discoverProvider(means, {
    clientAuthMethod: 'client_secret_basic',
    ...registration,
  })
  return connectProvider(means, {
    metadata,
    clientId: 'bridge',
    clientSecret: 'a-secret-of-the-client',
    scopes: ['openid'],
    ...connection,
  })
}

export function newAttempt(more: Partial<AuthorizationAttempt> = {}): AuthorizationAttempt {
  return {
    redirectUri: REDIRECT_URI,
    state: randomText(),
    nonce: randomText(),
    codeVerifier: randomText(),
    ...more,
  }
}

/** Sends the browser away with `login` and reads what it brings back. */
export async function attemptLogin(
  connected: ConnectedProvider,
  login: (authorizationUrl: string) => URL | Promise<URL>,
  attempt = newAttempt(),
): Promise<TokenAnswer> {
  const { url } = buildAuthorizationUrl(connected, attempt)
  const back = await login(url)
  return exchangeCode(connected, readCallback(back.searchParams), attempt)
}

export const institutionRefused = (reason: string) => ({
  failure: { kind: 'institution_refused', reason },
})
