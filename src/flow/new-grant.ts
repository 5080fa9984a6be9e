/** What every grant begins with, whichever way the login went: names, the code, times, and what the wallet alone showed. */
import type { Keyring } from '../crypto/keyring.ts'
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Attributes } from '../domain/attributes.ts'
import { loginClaimsText } from '../domain/claims-request.ts'
import type { ConsentTerms } from '../domain/consent.ts'
import type { GrantId, TenantId } from '../domain/ids.ts'
import { CODE_TIME, GRANT_TIME, type SealedRequest } from '../domain/journey.ts'
import type { Sealed } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'

/**
 * The code for the relying party, and what each statement that grants takes of the request: new names, hashes, and times
 * from `now` (milliseconds) on. `agreed`: what the person said yes to; undefined where nobody is asked.
 */
export function beginGrant(request: SealedRequest, agreed: ConsentTerms | undefined, now: number) {
  const code = randomText()
  const begun = {
    subject: randomText(),
    grantId: newId() as GrantId,
    scope: request.scope.join(' '),
    claims: loginClaimsText(request.claims, agreed?.claims),
    grantExpiresAt: toInstant(now + GRANT_TIME),
    codeHash: hashSecret(code),
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge ?? null,
    dpopJkt: request.dpopJkt ?? null,
    nonce: request.nonce ?? null,
    codeExpiresAt: toInstant(now + CODE_TIME),
    eventId: newId(),
    now: toInstant(now),
  }
  return { code, begun }
}

function placeOf(tenant: TenantId, grant: GrantId) {
  return { tenant, table: 'login_grant', column: 'wallet_attributes', row: grant }
}

/** The wallet's attributes that travel with a grant, for its row and no other. */
export function sealCarried(
  keyring: Keyring,
  tenant: TenantId,
  grant: GrantId,
  carried: Attributes,
): Sealed {
  return sealUnder(keyring, 'session', placeOf(tenant, grant), JSON.stringify(carried))
}

/** Throws `sealed_unreadable`. */
export function openCarried(
  keyring: Keyring,
  tenant: TenantId,
  grant: GrantId,
  sealed: Sealed,
): Attributes {
  const text = openUnder(keyring, 'session', placeOf(tenant, grant), sealed)
  return JSON.parse(Buffer.from(text).toString('utf8')) as Attributes
}
