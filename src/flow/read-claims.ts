/** What a grant lets a relying party know: the one place where a person's data key is unwrapped at a login. */

import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Deps } from '../deps.ts'
import { releaseClaims } from '../domain/attribute-values.ts'
import type { AttributePolicy, Attributes } from '../domain/attributes.ts'
import { readLoginClaims } from '../domain/claims-request.ts'
import { releasedNames } from '../domain/declared.ts'
import type { TenantId } from '../domain/ids.ts'
import { type KeptAttributes, NOTHING_STATED, readEnvelope } from '../domain/kept-attributes.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { GrantRow } from '../store/grant.ts'
import type { WalletOnlyGrantRow } from '../store/wallet-only-grant.ts'
import { openCarried } from './new-grant.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * What a grant lets its client have at one place: the claims of its scopes (in ID tokens, where the registration says so) and
 * those it asked for there by name, as far as they are declared and the person agreed, under the attribute policy the login
 * was made with. Throws `sealed_unreadable`; never fewer claims because something could not be opened.
 */
export async function readClaims(
  means: Pick<Deps, 'keyring'>,
  prepared: PreparedTenant,
  grant: GrantRow | WalletOnlyGrantRow,
  at: 'idToken' | 'userinfo',
): Promise<Attributes> {
  const tenant = prepared.tenant.id
  const policy = await prepared.policy('attributes', grant.attribute_policy_version)
  const kept = grant.identity_id === null ? NOTHING_KEPT : openKept(means.keyring, tenant, grant)
  // Nothing carried: no rule needs it, or the login was without a wallet, and what the wallet once showed and we kept counts.
  const carried =
    grant.wallet_attributes === null
      ? kept.wallet.values
      : openCarried(means.keyring, tenant, grant.grant_id, grant.wallet_attributes)
  // A client that is gone from the registry declares nothing any more, and gets nothing.
  const client = await prepared.relyingParty(grant.client_id)
  const names = client === undefined ? [] : namesFor(client, policy, grant, at)
  return releaseClaims(policy, kept.values, carried, new Set(names))
}

/** Whether this login's ID token holds anything about the person. */
export function hasClaimsInIdToken(
  { claimsInIdToken }: Pick<RelyingParty, 'claimsInIdToken'>,
  grant: Pick<GrantRow, 'claims'>,
): boolean {
  return claimsInIdToken || readLoginClaims(grant.claims).idToken.length > 0
}

function namesFor(
  client: RelyingParty,
  policy: AttributePolicy,
  grant: Pick<GrantRow, 'scope' | 'claims'>,
  at: 'idToken' | 'userinfo',
): string[] {
  const { [at]: named, agreed } = readLoginClaims(grant.claims)
  const scopes = at === 'idToken' && !client.claimsInIdToken ? [] : grant.scope.split(' ')
  const names = releasedNames(policy, client, new Set(scopes), named)
  return agreed === undefined ? names : names.filter((name) => agreed.includes(name))
}

const NOTHING_KEPT: KeptAttributes = { ...NOTHING_STATED, wallet: NOTHING_STATED }

type KeptRow = Pick<GrantRow, 'key_identity_id' | 'wrapped_data_key' | 'binding_id' | 'attributes'>

/** What reconciliation kept with a binding. Throws `sealed_unreadable`. */
export function openKeptAttributes(keyring: Keyring, tenant: TenantId, row: KeptRow): Attributes {
  return openKept(keyring, tenant, row).values
}

/** The same, with whose word each of it is, and the wallet's side of it. Throws `sealed_unreadable`. */
export function openKept(keyring: Keyring, tenant: TenantId, row: KeptRow): KeptAttributes {
  const key = unwrapDataKey(keyring, tenant, row.key_identity_id, row.wrapped_data_key)
  const column = 'persisted_attributes_envelope'
  const place = { tenant, table: 'identity_link_binding', column, row: row.binding_id }
  return readEnvelope(textOf(openWithDataKey(key, place, row.attributes)))
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
