/** Changes a relying party, rotates its secret, or switches it off. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { type Capabilities, judgeCapabilities } from '../domain/client-capabilities.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { issuerOf } from '../domain/tenant.ts'
import type { JsonObject, SecretHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import {
  findRelyingParty,
  readRelyingParty,
  updateRelyingParty as writeRelyingParty,
} from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { provideTokenKeys } from './provide-token-key.ts'
import { checkSectorDocument } from './registration-draft.ts'
import {
  failOnConflict,
  judgeKeys,
  judgeRedirectUris,
  makeSecret,
  type Registered,
  registrationRow,
} from './relying-party-draft.ts'

/** `begin`: a new secret beside the newest old one. `finish`: the old one ends. `replace`: a new one, and all old ones end. */
export type SecretRotation = 'begin' | 'finish' | 'replace'

export interface RelyingPartyChange
  extends Partial<
    Pick<
      RelyingParty,
      | 'name'
      | 'redirectUris'
      | 'idTokenAlgorithm'
      | 'requirePkce'
      | 'claimsInIdToken'
      | 'purpose'
      | 'enabled'
    > &
      Omit<Capabilities, 'issuedBy' | 'subjectType' | 'sectorIdentifierUri' | 'jwksUri'>
  > {
  /** In place of `jwks`, as that is in place of this. */
  jwksUri?: string | undefined
  jwks?: { keys: readonly JsonObject[] } | undefined
  secretRotation?: SecretRotation | undefined
}

/**
 * Sets what `change` names and leaves the rest. Its client id, sector, kind of subject and authentication method never
 * change, nor whether it logs people in. Throws `admin_forbidden`, `not_found`, `invalid_request`,
 * `outbound_refused` for a sector's document.
 */
export async function updateRelyingParty(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'outbound' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  clientId: ClientId,
  change: RelyingPartyChange,
): Promise<Registered> {
  const tenant = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const tenantId = tenant.id
  if (change.redirectUris !== undefined)
    await judgeReturns(deps, tenantId, clientId, change.redirectUris)
  if (change.jwksUri !== undefined) deps.outbound.checkUrl(change.jwksUri)
  await provideTokenKeys(deps, tenantId, actor.id, change)
  const now = toInstant(deps.clock())
  const changed = await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [row]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      findRelyingParty({ tenantId, clientId }),
    ])
    if (row === undefined) return fail({ kind: 'not_found' })
    const issuer = issuerOf(deps.config.publicUrl, slug)
    const result = apply(readRelyingParty(row), change, issuer)
    await tx.runLast([
      writeRelyingParty({ tenantId, ...registrationRow(result.relyingParty), now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'relying_party_updated', actor: actor.id },
        clientId,
      }),
    ])
    return result
  }).catch(failOnConflict)
  deps.tenants.forget(slug)
  return changed
}

/** New redirect URIs are judged like the first ones, and vouched for where the sector was declared. */
async function judgeReturns(
  deps: Pick<Deps, 'db' | 'outbound'>,
  tenantId: TenantId,
  clientId: ClientId,
  redirectUris: readonly string[],
): Promise<void> {
  judgeRedirectUris(redirectUris)
  const [[row]] = await read(deps.db, tenantId, [findRelyingParty({ tenantId, clientId })])
  if (row === undefined) return fail({ kind: 'not_found' })
  const { sectorIdentifierUri } = readRelyingParty(row)
  await checkSectorDocument(deps, { sectorIdentifierUri, redirectUris })
}

function apply(before: RelyingParty, change: RelyingPartyChange, issuer: string): Registered {
  const { jwks, jwksUri, secretRotation, ...plain } = change
  const { authentication } = before
  const keys = jwks === undefined ? undefined : judgeKeys(authentication, jwks, false)
  const { clientSecret, secretHashes } = rotate(before, secretRotation)
  const relyingParty = judgeCapabilities(
    {
      ...before,
      ...plain,
      requirePkce: (plain.requirePkce ?? before.requirePkce) || authentication === 'none',
      ...(jwksUri === undefined ? {} : { jwksUri, jwks: undefined }),
      ...(typeof keys === 'string'
        ? { jwks: JSON.parse(keys) as RelyingParty['jwks'], jwksUri }
        : {}),
      secretHashes,
    },
    { issuer },
  )
  const logsIn = ({ grantTypes }: RelyingParty) => grantTypes.includes('authorization_code')
  if (logsIn(before) !== logsIn(relyingParty))
    fail({ kind: 'invalid_request', detail: 'grant_types: authorization_code stays as it was' })
  return { relyingParty, clientSecret }
}

function rotate(
  { authentication, secretHashes }: RelyingParty,
  rotation: SecretRotation | undefined,
): { clientSecret: string | undefined; secretHashes: readonly SecretHash[] } {
  if (rotation === undefined) return { clientSecret: undefined, secretHashes }
  if (rotation === 'finish')
    return { clientSecret: undefined, secretHashes: secretHashes.slice(0, 1) }
  const made = makeSecret(authentication)
  if (made === undefined) {
    return fail({ kind: 'invalid_request', detail: 'secret_rotation: this client has no secret' })
  }
  const kept = rotation === 'begin' ? secretHashes.slice(0, 1) : []
  return { clientSecret: made.secret, secretHashes: [made.hash, ...kept] }
}
