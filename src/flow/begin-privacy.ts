/** A person asks what is held about them: a journey that ends at their own data, and at no relying party. */
import type { Deps } from '../deps.ts'
import type { ClientId } from '../domain/ids.ts'
import { addressOf } from '../domain/tenant.ts'
import { type Begun, startJourney } from './begin-authorization.ts'
import type { PreparedTenant } from './tenants.ts'

/** Stands where others have a relying party's id: in the journey's row and in the trail. */
const OURSELVES = 'urn:identity-bridge:privacy' as ClientId

/** The wallet proves who asks, as it did when the link was made (GD-01). Throws `authorization_refused`. */
export async function beginPrivacy(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  browser: { id: string | undefined; language: 'en' | 'nl' },
): Promise<Omit<Begun, 'relyingPartyName' | 'purpose' | 'hint'>> {
  return await startJourney(deps, prepared, {
    ...{ clientId: OURSELVES, purpose: 'privacy', language: browser.language },
    ...{ browserId: browser.id, referenceHash: undefined },
    request: {
      ...{ redirectUri: addressOf.privacy(prepared.issuer), scope: ['openid'], trigger: 'login' },
      ...{ state: undefined, nonce: undefined, codeChallenge: undefined, maxAge: undefined },
      selectAccount: false,
    },
  })
}
