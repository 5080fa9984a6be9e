/** `login_grant`, `authorization_code`: what a finished login lets a relying party ask. */
import { sql } from 'kysely'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  GrantId,
  IdentityId,
  TenantId,
} from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, type Step, sqlStatement, statement } from './statement.ts'
import { together } from './together.ts'

/** A grant with everything tokens and claims are made of. Sealed texts stay sealed. */
export interface GrantRow {
  grant_id: GrantId
  client_id: ClientId
  identity_id: IdentityId
  binding_id: BindingId
  correlation_id: CorrelationId
  scope: string
  acr: string
  amr: string
  auth_time: number | null
  upstream: string | null
  attribute_policy_version: number
  claims: string | null
  wallet_attributes: Sealed | null
  subject: string
  sid: string
  audit_salt: string
  /** The person whose data key seals the binding: another than `identity_id` only after a merge. */
  key_identity_id: IdentityId
  wrapped_data_key: Sealed
  attributes: Sealed
}

/** What an ID token needs of a grant, whoever is behind it. */
export type TokenGrant = Pick<
  GrantRow,
  | 'grant_id'
  | 'client_id'
  | 'correlation_id'
  | 'scope'
  | 'acr'
  | 'amr'
  | 'auth_time'
  | 'upstream'
  | 'subject'
  | 'sid'
  | 'claims'
>

export interface RedeemedRow extends TokenGrant {
  /** Of the access token, by which a request knows its own row. */
  token_hash: SecretHash
  nonce: string | null
}

/** A code as it is now, whatever became of it. */
export interface CodeRow {
  grant_id: GrantId
  client_id: ClientId
  correlation_id: CorrelationId
  /** Null where the login links nobody. */
  audit_salt: string | null
  redirect_uri: string
  code_challenge: string | null
  consumed_at: IsoInstant | null
}

/**
 * Joins that end wherever the person, the binding or the relying party is no longer alive. The match is not asked: none
 * ever ends without its bindings (test/people/graph).
 */
export const ALIVE = sql`
  JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id AND i.status = 'ACTIVE'
  JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id AND r.enabled = 1
  JOIN identity_link_binding b ON b.tenant_id = g.tenant_id AND b.id = g.binding_id AND b.deleted_at IS NULL`

export const GRANT_COLUMNS = sql`
  g.id AS grant_id, g.client_id, g.identity_id, g.binding_id, g.correlation_id, g.scope, g.acr, g.amr, g.auth_time,
  g.upstream, g.attribute_policy_version, g.claims, g.wallet_attributes, g.subject, g.sid, i.audit_salt,
  COALESCE(b.key_identity_id, i.id) AS key_identity_id,
  CASE WHEN b.key_identity_id IS NULL THEN i.wrapped_data_key
       ELSE (SELECT k.wrapped_data_key FROM identity k WHERE k.tenant_id = g.tenant_id AND k.id = b.key_identity_id)
  END AS wrapped_data_key,
  b.persisted_attributes_envelope AS attributes`

/** A code with its grant, consumed or not; the caller judges. Nothing for a code whose person is gone. */
export const findCode = sqlStatement(
  'find_code',
  (p: Params<{ tenantId: TenantId; codeHash: SecretHash }>) => sql<CodeRow>`
    SELECT g.id AS grant_id, g.client_id, g.correlation_id, i.audit_salt, c.redirect_uri, c.code_challenge, c.consumed_at
      FROM authorization_code c
      JOIN login_grant g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
      LEFT JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id
     WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = ${p('codeHash')}`,
)

/** A request for a code, and the access token it would become. */
export interface Redemption {
  codeHash: SecretHash
  clientId: ClientId
  redirectUri: string
  codeChallenge: string | null
  jkt: string | null
  tokenHash: SecretHash
  tokenExpiresAt: IsoInstant
  now: IsoInstant
}

/**
 * Each code becomes an access token, once (OP-42), for the request the code was made for: same client, redirect URI and
 * PKCE challenge (OP-41, OP-44, OP-45), in time, nothing revoked, relying party and person active. No row otherwise, and
 * no trace. No audit event of its own: the login that granted the code is in the trail, and the head's lock would put a
 * tenant's redemptions in a queue.
 *
 * One update of one row for each. Of two at a time the second waits for it, looks at it again, finds it consumed, and writes
 * nothing; of two in one statement one is taken. Sorted, so that two statements meet codes in the same order. An erasure
 * deletes the grant and the row with it: whichever comes second waits for the other, and finds the code gone, or deletes
 * the token too. What binding and match say is not asked: an unlink revokes the grant, and without them a token opens
 * nothing. A list stands in a sub-select, so that the planner keeps one plan, see `grant-journey.ts`.
 */
export const redeemLiveCodes = sqlStatement(
  'redeem_live_codes',
  (
    p: Params<{
      tenantId: TenantId
      codeHashes: readonly SecretHash[]
      clientIds: readonly ClientId[]
      redirectUris: readonly string[]
      codeChallenges: readonly (string | null)[]
      jkts: readonly (string | null)[]
      tokenHashes: readonly SecretHash[]
      tokenExpiresAts: readonly IsoInstant[]
      nows: readonly IsoInstant[]
    }>,
  ) => sql<RedeemedRow>`
    UPDATE authorization_code c
       SET consumed_at = asked.now, token_hash = asked.token_hash, token_jkt = asked.jkt,
           token_expires_at = asked.token_expires_at
      FROM unnest((SELECT ${p('codeHashes')}::text[]), ${p('clientIds')}::text[], ${p('redirectUris')}::text[],
                  ${p('codeChallenges')}::text[], ${p('jkts')}::text[], ${p('tokenHashes')}::text[],
                  ${p('tokenExpiresAts')}::text[], ${p('nows')}::text[])
             AS asked (code_hash, client_id, redirect_uri, code_challenge, jkt, token_hash, token_expires_at, now),
           login_grant g
      JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id AND r.enabled = 1
      LEFT JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id
     WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = asked.code_hash AND c.client_id = asked.client_id
       AND c.redirect_uri = asked.redirect_uri AND c.code_challenge IS NOT DISTINCT FROM asked.code_challenge
       AND (c.dpop_jkt IS NULL OR c.dpop_jkt = asked.jkt)
       AND c.consumed_at IS NULL AND c.expires_at > asked.now
       AND g.tenant_id = c.tenant_id AND g.id = c.grant_id AND g.revoked_at IS NULL
       AND (g.identity_id IS NULL OR i.status = 'ACTIVE')
    RETURNING c.token_hash, g.id AS grant_id, g.client_id, g.correlation_id, g.scope, g.acr, g.amr, g.auth_time,
              g.upstream, g.subject, g.sid, g.claims, c.nonce`,
)

/** The step for some of them. */
export function redeemCodes(
  tenantId: TenantId,
  redemptions: readonly Redemption[],
): Step<RedeemedRow> {
  const sorted = redemptions.toSorted((a, b) => (a.codeHash < b.codeHash ? -1 : 1))
  const all = <Name extends keyof Redemption>(name: Name) => sorted.map((each) => each[name])
  return redeemLiveCodes({
    tenantId,
    ...{ codeHashes: all('codeHash'), clientIds: all('clientId') },
    ...{ redirectUris: all('redirectUri'), codeChallenges: all('codeChallenge') },
    ...{ jkts: all('jkt'), tokenHashes: all('tokenHash') },
    ...{ tokenExpiresAts: all('tokenExpiresAt'), nows: all('now') },
  })
}

/** Redeems one code, with all others of the tenant that are redeemed at the same moment; undefined: not a good one. */
export const redeemTogether = together<Redemption, RedeemedRow>({
  step: redeemCodes,
  keyOf: ({ tokenHash }) => tokenHash,
  keyIn: (row) => row.token_hash,
})

/** Ends a grant and with it every token made from it. */
export const revokeGrant = statement(
  'revoke_grant',
  (q, p: Params<{ tenantId: TenantId; grantId: GrantId; now: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set({ revoked_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('grantId'))
      .where('revoked_at', 'is', null),
)

/** Spends a client assertion's `jti`; no row when it was spent before (OP-47). */
export const spendAssertion = sqlStatement(
  'spend_assertion',
  (
    p: Params<{
      tenantId: TenantId
      clientId: ClientId
      jtiHash: SecretHash
      expiresAt: IsoInstant
    }>,
  ) => sql<{ jti_hash: SecretHash }>`
    INSERT INTO client_assertion (tenant_id, client_id, jti_hash, expires_at)
    VALUES (${p('tenantId')}, ${p('clientId')}, ${p('jtiHash')}, ${p('expiresAt')})
    ON CONFLICT (tenant_id, client_id, jti_hash) DO NOTHING
    RETURNING jti_hash`,
)

/** Removes grants past their time with their codes and tokens; bounded. */
export const deleteExpiredGrants = sqlStatement(
  'delete_expired_grants',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    DELETE FROM login_grant
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM login_grant WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

export const deleteSpentAssertions = sqlStatement(
  'delete_spent_assertions',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    WITH picked AS MATERIALIZED (
      SELECT client_id, jti_hash FROM client_assertion
       WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
       ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED
    )
    DELETE FROM client_assertion c USING picked
     WHERE c.tenant_id = ${p('tenantId')} AND c.client_id = picked.client_id AND c.jti_hash = picked.jti_hash`,
)
