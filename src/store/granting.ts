/** What every statement that grants a login has in common: the person and the link behind it, the subject, the code. */
import { type RawBuilder, sql } from 'kysely'
import type { BindingId, ClientId, GrantId, IdentityId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { Params } from './statement.ts'

interface Link {
  tenantId: TenantId
  identityId: IdentityId
  bindingId: BindingId
  now: IsoInstant
}

/** `person` and `live`: the person first, then binding and match, locked and read again behind the locks. */
export const LIVE_LINK = (p: Params<Link>) => sql`person AS (
      SELECT id FROM identity
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('identityId')} AND status = 'ACTIVE'
         FOR NO KEY UPDATE
    ), live AS (
      SELECT b.id, b.match_id
        FROM person
        JOIN identity_match m ON m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ${p('identityId')}
        JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = ${p('bindingId')} AND b.deleted_at IS NULL
         AND m.deleted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > ${p('now')})
         FOR NO KEY UPDATE OF b, m
    )`

/**
 * `subject`: what the sector knows the person by, read locked, so that a merge which ended a moment ago is seen; or made,
 * once, if `from` has a row: of two first logins at a time the second takes the first one's.
 */
export const SUBJECT = (
  p: Params<Omit<Link, 'bindingId'> & { sector: string; subject: string }>,
  from: RawBuilder<unknown>,
) => sql`known AS (
      SELECT s.subject FROM person
        JOIN pairwise_subject s ON s.tenant_id = ${p('tenantId')} AND s.identity_id = person.id
       WHERE s.sector = ${p('sector')}
         FOR KEY SHARE OF s
    ), made AS (
      INSERT INTO pairwise_subject (tenant_id, identity_id, sector, subject, created_at)
      SELECT ${p('tenantId')}, ${p('identityId')}, ${p('sector')}, ${p('subject')}, ${p('now')}::iso_instant FROM ${from}
       WHERE NOT EXISTS (SELECT FROM known)
      ON CONFLICT (identity_id, sector, tenant_id) DO UPDATE SET subject = pairwise_subject.subject
      RETURNING subject
    ), subject AS (
      SELECT subject FROM known UNION ALL SELECT subject FROM made
    )`

/** `code`: the code of the grant, if `from` has a row. */
export const CODE = (
  p: Params<{
    tenantId: TenantId
    codeHash: SecretHash
    grantId: GrantId
    clientId: ClientId
    redirectUri: string
    codeChallenge: string | null
    dpopJkt: string | null
    nonce: string | null
    codeExpiresAt: IsoInstant
    now: IsoInstant
  }>,
  from: RawBuilder<unknown>,
) => sql`code AS (
      INSERT INTO authorization_code (tenant_id, code_hash, grant_id, client_id, redirect_uri, code_challenge, dpop_jkt,
        nonce, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('codeHash')}, ${p('grantId')}, ${p('clientId')}, ${p('redirectUri')},
        ${p('codeChallenge')}, ${p('dpopJkt')}, ${p('nonce')}, ${p('now')}::iso_instant,
        ${p('codeExpiresAt')}::iso_instant
        FROM ${from}
    )`
