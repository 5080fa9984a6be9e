/** What the identifiers of a journey hit: matches, their people and those people's bindings, found in one forced order. */
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Fingerprints } from '../domain/fingerprint.ts'
import type { BindingId, IdentityId, JourneyId, MatchId, TenantId } from '../domain/ids.ts'
import type { BoundHit, Hit } from '../domain/recognition.ts'
import type { HolderHash, IdentifierType, InstitutionHash, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { SHARED } from './match.ts'
import type { IdentityStatus, JourneyTable } from './schema.ts'
import { type Params, sqlStatement } from './statement.ts'

/**
 * What the identifiers of a presented (or recognised) journey hit: live matches with their person, and each live binding
 * of that person, wherever it hangs; a match without any gives one row without a binding.
 */
export interface HitRow {
  match_id: MatchId
  identifier_type: IdentifierType
  identifier_hash: HolderHash | InstitutionHash
  hash_key_version: number
  shared: boolean
  identity_id: IdentityId
  identity_status: IdentityStatus
  audit_salt: string | null
  binding_id: BindingId | null
  binding_match_id: MatchId | null
  with_wallet: boolean | null
  binding_used_at: IsoInstant | null
  binding_expires_at: IsoInstant | null
  binding_stale_since: IsoInstant | null
  fingerprints: string | null
}

/**
 * Written so that only one order of steps is possible: journey, its hashes' matches, their people, those people's bindings.
 * A planner without statistics, as on the day a service is new, takes a tenant for one row and joins the tenant's whole
 * tables with one another.
 */
const hitsOf = (tenantId: TenantId, journeyMatches: RawBuilder<boolean>) => sql<HitRow>`
  WITH shown AS MATERIALIZED (
    SELECT j.identifier_hashes AS hashes FROM journey j
     WHERE ${journeyMatches} AND j.state IN ('presented', 'choosing', 'recognised', 'consenting')
  ), met AS MATERIALIZED (
    SELECT m.* FROM identity_match m
     WHERE m.tenant_id = ${tenantId} AND m.deleted_at IS NULL
       AND m.identifier_hash = ANY (ARRAY(SELECT unnest(hashes) FROM shown))
  ), bound AS MATERIALIZED (
    SELECT own.internal_identity_id AS identity_id, b.*
      FROM identity_match own CROSS JOIN LATERAL (
        SELECT id, match_id, holder_hash_key_version, last_used_at, expires_at, stale_since, material_fingerprints
          FROM identity_link_binding
         WHERE tenant_id = ${tenantId} AND match_id = own.id AND deleted_at IS NULL
        OFFSET 0
      ) b
     WHERE own.tenant_id = ${tenantId} AND own.deleted_at IS NULL
       AND own.internal_identity_id = ANY (ARRAY(SELECT internal_identity_id FROM met))
  )
  SELECT m.id AS match_id, m.identifier_type, m.identifier_hash, m.hash_key_version,
         m.metadata_json IS NOT DISTINCT FROM ${sql.lit(SHARED)} AS shared,
         i.id AS identity_id, i.status AS identity_status, i.audit_salt,
         b.id AS binding_id, b.match_id AS binding_match_id, b.holder_hash_key_version > 0 AS with_wallet, b.last_used_at AS binding_used_at,
         b.expires_at AS binding_expires_at, b.stale_since AS binding_stale_since,
         b.material_fingerprints AS fingerprints
    FROM met m
   CROSS JOIN LATERAL (
     SELECT id, status, audit_salt FROM identity
      WHERE tenant_id = ${tenantId} AND id = m.internal_identity_id OFFSET 0
   ) i
    LEFT JOIN bound b ON b.identity_id = m.internal_identity_id`

export const findHits = sqlStatement(
  'find_hits',
  (p: Params<{ tenantId: TenantId; id: JourneyId }>) =>
    hitsOf(p('tenantId'), sql<boolean>`j.tenant_id = ${p('tenantId')} AND j.id = ${p('id')}`),
)

/** A journey with its hits, as JSON text. */
type JourneyWithHits = Selectable<JourneyTable> & { hits: string }

/**
 * One statement, for two would see two moments: a tab that reads while another moves the journey on would see somebody
 * presented whom nothing recognises.
 */
const withHits = (tenantId: TenantId, journeyMatches: RawBuilder<boolean>) => sql<JourneyWithHits>`
  SELECT j.*, (SELECT coalesce(json_agg(h), '[]')::text FROM (${hitsOf(tenantId, journeyMatches)}) h) AS hits
    FROM journey j WHERE ${journeyMatches}`

export const findJourneyWithHits = sqlStatement(
  'find_journey_with_hits',
  (p: Params<{ tenantId: TenantId; id: JourneyId }>) =>
    withHits(p('tenantId'), sql<boolean>`j.tenant_id = ${p('tenantId')} AND j.id = ${p('id')}`),
)

/** As a browser asks for it, by the response code its wallet was given (same device). */
export const findJourneyWithHitsByResponseCode = sqlStatement(
  'find_journey_with_hits_by_response_code',
  (p: Params<{ tenantId: TenantId; responseCodeHash: SecretHash }>) =>
    withHits(
      p('tenantId'),
      sql<boolean>`j.tenant_id = ${p('tenantId')} AND j.response_code_hash = ${p('responseCodeHash')}`,
    ),
)

/** The hits of {@link findJourneyWithHits}. */
export function readHits({ hits }: Pick<JourneyWithHits, 'hits'>): HitRow[] {
  return JSON.parse(hits) as HitRow[]
}

/** A row of {@link findHits} as the domain knows it. */
export function readHit(row: HitRow): Hit {
  return {
    matchId: row.match_id,
    type: row.identifier_type,
    hash: row.identifier_hash,
    hashKeyVersion: row.hash_key_version,
    shared: row.shared,
    identityId: row.identity_id,
    identityStatus: row.identity_status,
    binding: readBoundHit(row),
  }
}

function readBoundHit(row: HitRow): BoundHit | undefined {
  const { binding_id: id, binding_match_id: matchId, binding_used_at: usedAt } = row
  if (id === null || matchId === null || usedAt === null) return undefined
  return {
    ...{ id, matchId, usedAt, withWallet: row.with_wallet === true },
    expiresAt: row.binding_expires_at ?? undefined,
    staleSince: row.binding_stale_since ?? undefined,
    fingerprints: JSON.parse(row.fingerprints ?? '{}') as Fingerprints,
  }
}
