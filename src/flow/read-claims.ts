/** What a grant lets a relying party know: the one place where a person's data key is unwrapped at a login. */

import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { openUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import { type Attributes, releaseClaims } from '../domain/attributes.ts'
import type { GrantRow } from '../store/grant.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * The claims of a grant's scopes, under the attribute policy the login was made with. Throws `sealed_unreadable`; never
 * fewer claims because something could not be opened.
 */
export async function readClaims(
  means: Pick<Deps, 'keyring'>,
  prepared: PreparedTenant,
  grant: GrantRow,
): Promise<Attributes> {
  const tenant = prepared.tenant.id
  const policy = await prepared.policy('attributes', grant.attribute_policy_version)
  const key = unwrapDataKey(means.keyring, tenant, grant.key_identity_id, grant.wrapped_data_key)
  const place = {
    tenant,
    table: 'identity_link_binding',
    column: 'persisted_attributes_envelope',
    row: grant.binding_id,
  }
  const kept = parse(openWithDataKey(key, place, grant.attributes))
  const carriedPlace = {
    tenant,
    table: 'login_grant',
    column: 'wallet_attributes',
    row: grant.grant_id,
  }
  const carried =
    grant.wallet_attributes === null
      ? {}
      : parse(openUnder(means.keyring, 'session', carriedPlace, grant.wallet_attributes))
  return releaseClaims(policy, kept, carried, new Set(grant.scope.split(' ')))
}

function parse(bytes: Uint8Array): Attributes {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Attributes
}
