/** A relying party registers itself with an initial access token (RFC 7591). */
import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { findRegistrationToken, useRegistrationToken } from '../store/registration-token.ts'
import { insertRelyingParty } from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { provideTokenKeys } from './provide-token-key.ts'
import { draftRelyingParty, type RelyingPartyRequest } from './registration-draft.ts'
import { type Registered, registrationRow } from './relying-party-draft.ts'
import type { PreparedTenant } from './tenants.ts'

const TOKEN = /^ibr_[A-Za-z0-9_-]{43}$/

/**
 * Registers it, enabled. Nothing it names is fetched before the token is known to be good, and the token's use is counted in
 * the transaction that registers. Throws `not_found` where nobody may register, `invalid_token`, `invalid_redirect_uri`,
 * `invalid_client_metadata`.
 */
export async function registerByItself(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'outbound' | 'tenants'>,
  prepared: PreparedTenant,
  token: string | undefined,
  request: RelyingPartyRequest,
): Promise<Registered> {
  if (!prepared.registersClients()) return fail({ kind: 'not_found' })
  if (token === undefined || !TOKEN.test(token)) return refuseToken()
  const tenantId = prepared.tenant.id
  const tokenHash = hashSecret(token)
  const now = toInstant(deps.clock())
  const [[known]] = await read(deps.db, tenantId, [
    findRegistrationToken({ tenantId, tokenHash, now }),
  ])
  if (known === undefined) return refuseToken()
  const drafted = await draftRelyingParty(deps, prepared.issuer, request).catch(inItsWords)
  const { clientId, sector } = drafted.relyingParty
  await provideTokenKeys(deps, tenantId, known.id, drafted.relyingParty)
  await inTransaction(deps.db, tenantId, async (tx) => {
    const [used] = await tx.run(useRegistrationToken({ tenantId, tokenHash, now }))
    if (used === undefined) return refuseToken()
    await tx.runLast([
      raiseRevision({ id: tenantId, now }),
      insertRelyingParty({ tenantId, sector, ...registrationRow(drafted.relyingParty), now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'relying_party_registered', actor: used.id },
        clientId,
      }),
    ])
  })
  deps.tenants.forget(prepared.tenant.slug)
  return drafted
}

/** What was wrong with the registration, in the words of RFC 7591 section 3.2.2. */
function inItsWords(error: unknown): never {
  if (!(error instanceof BridgeError)) throw error
  const { failure } = error
  if (failure.kind === 'invalid_request') {
    const { detail } = failure
    const word = detail.startsWith('redirect_uris')
      ? 'invalid_redirect_uri'
      : 'invalid_client_metadata'
    fail({ kind: 'oauth', error: word, description: detail }, error)
  }
  if (failure.kind === 'outbound_refused')
    fail(
      {
        ...{ kind: 'oauth', error: 'invalid_client_metadata' },
        description: 'jwks_uri or sector_identifier_uri: cannot be asked',
      },
      error,
    )
  throw error
}

function refuseToken(): never {
  return fail({
    ...{ kind: 'oauth', error: 'invalid_token' },
    description: 'a valid initial access token is needed',
  })
}
