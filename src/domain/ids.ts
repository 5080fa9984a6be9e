/**
 * Identifiers, each with a type of its own, so that a journey's id cannot be handed in where a tenant's belongs.
 * A brand costs nothing at run time. Values come from `crypto/random.ts`, from a row, or from a parser at the edge.
 */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A tenant: one institution or one federation portal. UUID text; the reserved tenant is {@link SYSTEM_TENANT}. */
export type TenantId = Branded<'TenantId'>
/** A person (`identity.id`, the seed's `internal_identity_id`). UUID text. */
export type IdentityId = Branded<'IdentityId'>
export type MatchId = Branded<'MatchId'>
export type BindingId = Branded<'BindingId'>
/** One merge of two persons (`identity_merge.id`). UUID text. */
export type MergeId = Branded<'MergeId'>
export type ErasureId = Branded<'ErasureId'>
export type ErasureRequestId = Branded<'ErasureRequestId'>
export type LedgerLineId = Branded<'LedgerLineId'>
export type JourneyId = Branded<'JourneyId'>
export type SessionId = Branded<'SessionId'>
export type GrantId = Branded<'GrantId'>
export type ProviderId = Branded<'ProviderId'>
/** The `client_id` of a relying party, unique within its tenant. */
export type ClientId = Branded<'ClientId'>
/** One receiver of events (`event_subscription.id`). UUID text. */
export type SubscriptionId = Branded<'SubscriptionId'>
/** One event for one receiver (`outbox.id`): `webhook-id`, and `jti` of its Security Event Token. UUID text. */
export type EventId = Branded<'EventId'>
/** Ties together the log lines and audit events of one journey. UUID text. */
export type CorrelationId = Branded<'CorrelationId'>

/** The reserved tenant that cross-tenant facts (keys, jobs, admin tokens) belong to. */
export const SYSTEM_TENANT = 'system' as TenantId
