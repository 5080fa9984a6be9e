/**
 * Every event the audit trail can hold, with the detail each may carry: names, numbers and our own words only. A value
 * that came from a person, a wallet or a provider cannot be written here, because no member takes one.
 */
import type { Erased } from './erasure.ts'
import type { InstitutionReason, PresentationReason } from './failure.ts'
import type { ClientId, CorrelationId } from './ids.ts'
import type { Decided } from './journey.ts'
import type { EntryPoint } from './selector-rule.ts'

/** Why a login that was under way ended without a code. */
export type RefusalReason =
  | 'ambiguous_identity'
  | 'identity_unavailable'
  | 'unavailable' // the plan's provider was switched off
  | 'nobody_known' // a person asked for their own data, and nothing proves that there is any
  | 'plan_refused' // FAIL_CLOSED, or a plan that is none for this login
  | 'binding_missing' // USE_EXISTING_BINDING for somebody who has none, or whose proof has run out
  | 'candidate_missing' // STEP_UP for a stranger
  | 'candidate_unconfirmed' // USE_EXISTING_BINDING for somebody who only may be this person
  | 'attribute_missing'
  | 'session_over' // single sign-on ended while the person was asked for their consent
  | 'hint_unmet' // somebody else than the relying party's id_token_hint names
  | 'contract_broken' // its tokens would lack what the relying party was promised
  | 'acr_unmet' // the relying party takes no other acr than those it named as essential
  | 'assurance_insufficient'

/** What the selector decided, in the words of the tenant's own document. */
export interface DecisionDetail {
  /** Version of the selector policy. */
  selector: number
  rule: string
  plan: string
  state: string
  reasons: string
  /** The word of a FAIL_CLOSED plan. */
  fail_reason?: string
}

/** The decision as an event tells it. */
export function decisionDetail(
  version: number,
  { plan, rule, reasons, state }: Decided,
): DecisionDetail {
  return {
    ...{ selector: version, rule, plan: plan.plan, state, reasons: reasons.join(' ') },
    ...(plan.plan === 'FAIL_CLOSED' ? { fail_reason: plan.reason } : {}),
  }
}

export type AuditDetail =
  | { type: 'presentation_refused'; reason: PresentationReason; refusals: number }
  /** Let pass by policy; the words of `domain/lenience.ts`, and the trust policy that allows it. */
  | { type: 'presentation_let_pass'; reasons: string; trust: number }
  | ({ type: 'session_created'; provider: string; entry: EntryPoint } & DecisionDetail)
  | {
      type: 'reconciliation_failed'
      provider: string
      reason:
        | InstitutionReason
        | ('identity_conflict' | 'identity_unavailable' | 'journey_moved_on' | 'nobody_known')
    }
  /** `seals`, here and below: marks of the sealed texts that were written (`domain/seal-mark.ts`). */
  | {
      type: 'binding_created'
      provider: string
      person: 'new' | 'joined'
      acr: string
      seals: string
    }
  | { type: 'binding_updated'; provider: string; acr: string; seals: string }
  | ({
      type: 'login_completed'
      acr: string
      way: string
      /** Version of the trust policy by which its credentials were believed; absent where none were shown (TR-03). */
      trust?: number
      key_version_upgraded: boolean
    } & DecisionDetail)
  | ({
      type: 'login_refused'
      reason: RefusalReason | 'other_browser' | 'cancelled'
    } & Partial<DecisionDetail>)
  /** Scopes, and names of claims in the tenant's own rules; whether it counts for later logins too. */
  | { type: 'consent_given'; scopes: string; claims: string; remembered: boolean }
  | { type: 'consent_refused'; scopes: string; claims: string }
  | { type: 'consent_withdrawn'; actor: string; grants: number }
  | { type: 'code_replayed'; grant_revoked: boolean }
  | { type: 'refresh_token_reused' }
  | { type: 'single_sign_on_ended'; told: number }
  | { type: 'token_revoked'; token: 'access' | 'refresh' | 'machine' }
  | { type: 'client_authentication_failed'; method: string }
  | {
      type: 'sessions_expired'
      journeys: number
      sessions: number
      grants: number
      removed: number
    }
  | { type: 'tenant_created'; actor: string }
  /** With what it says then, where it was changed whether a trust policy needs a second administrator. */
  | { type: 'tenant_updated'; actor: string; trust_four_eyes?: boolean }
  | { type: 'relying_party_registered'; actor: string }
  | { type: 'relying_party_updated'; actor: string }
  | { type: 'token_contract_changed'; actor: string; change: 'recording' | 'dropped' }
  | { type: 'token_contract_recorded'; claims: number }
  /** Names of claims in the tenant's own rules, and `acr`. */
  | { type: 'token_contract_broken'; parts: string }
  | { type: 'provider_registered'; actor: string; provider: string }
  | { type: 'provider_updated'; actor: string; provider: string }
  | { type: 'provider_deleted'; actor: string; provider: string }
  | { type: 'provider_test_created'; actor: string; provider: string }
  | { type: 'provider_tested'; provider: string; outcome: InstitutionReason | 'ok' }
  | { type: 'policy_draft_saved'; actor: string; kind: string }
  | { type: 'policy_draft_dropped'; actor: string; kind: string }
  | {
      type: 'policy_published'
      actor: string
      kind: string
      version: number
      /** The older version whose document this is. */
      restored?: number | undefined
      /** Who wrote a trust policy that a second administrator publishes (TR-03). */
      written_by?: string | undefined
    }
  | { type: 'signing_key_activated'; actor: string; algorithm: string; kid: string }
  | { type: 'signing_key_retired'; actor: string; kid: string }
  | { type: 'signing_key_removed'; actor: string; kid: string; grants: number }
  | { type: 'signing_key_created'; actor: string; purpose: string; algorithm: string }
  | {
      type: 'key_migration_started'
      actor: string
      version: number
      key: string
      stragglers: string
    }
  | { type: 'key_migration_changed'; actor: string; version: number; change: string }
  | { type: 'key_migration_ended'; actor: string; version: number; key: string; outcome: string }
  /** Hashes under an old key whose owners were away too long, with the bindings that hung on them. */
  | { type: 'key_stragglers_purged'; version: number; matches: number; bindings: number }
  | { type: 'trusted_list_updated'; list: string; sequence: number; certificates: number }
  | { type: 'trusted_list_refused'; list: string; reason: string }
  /** What logins rest on could not be had ahead of them; `answer` is the name of its row. */
  | { type: 'trust_answer_missing'; kind: string; answer: string; reason: string }
  | { type: 'request_certificate_dropped'; actor: string }
  | { type: 'registration_certificate_stored'; actor: string; certificate: string }
  | { type: 'registration_certificate_removed'; actor: string; certificate: string }
  | { type: 'registration_token_created'; actor: string; token: string }
  | { type: 'registration_token_revoked'; actor: string; token: string }
  | { type: 'authorization_server_trusted'; actor: string; server: string }
  | { type: 'authorization_server_distrusted'; actor: string; server: string }
  | {
      type: 'identities_merged'
      actor: string
      merge: string
      /** The merged person's pseudonym; the survivor's is the event's own. */
      merged_subject: string
      matches: number
      bindings: number
    }
  | {
      type: 'identities_split'
      actor: string
      merge: string
      merged_subject: string
      matches: number
      bindings: number
      /** Bindings across the two that were made while they were one. */
      bindings_ended: number
      seals: string
    }
  | {
      type: 'link_ended'
      actor: string
      reason: string
      /** Type of the identifier that was named. */
      identifier: string
      matches: number
      bindings: number
    }
  /** The credential behind a link was revoked: the link is to be proved anew. */
  | { type: 'binding_flagged'; reason: 'credential_revoked' }
  /** For not being used; what a person was warned of, or what ended with its person's pseudonym. */
  | { type: 'inactivity_warned'; bindings: number }
  | { type: 'inactive_links_ended'; matches: number; bindings: number }
  /** Past the time in which it could be restored; `tombstones` are of erased people. */
  | { type: 'deleted_links_purged'; matches: number; bindings: number; tombstones: number }
  /** Nothing led to the person any more. Without a subject, as an erasure. */
  | ({ type: 'identity_forgotten' } & Erased)
  | { type: 'retention_changed'; actor: string; kind: string }
  | { type: 'link_restored'; actor: string; identifier: string; matches: number; bindings: number }
  /** A machine client asked by an identifier; whoever may ask can try names out. */
  | { type: 'person_looked_up'; identifier: string; found: boolean }
  /** It asked for as many in a minute as it may; told once in that minute. */
  | { type: 'lookup_limit_reached' }
  | {
      type: 'person_read'
      part: 'identity' | 'claims' | 'auxiliary' | 'devices' | 'enrichment'
    }
  /** The category's name is one of the client's registration. */
  | { type: 'auxiliary_written'; category: string; seals: string }
  | { type: 'auxiliary_deleted'; category: string; seals: string }
  | { type: 'auxiliary_expired'; removed: number }
  /** Without a subject: nothing may lead from what is left to who it was. `erasure` is the receipt's id. */
  | ({ type: 'identity_erased'; actor: string; erasure: string; ground: string } & Erased)
  /** An administrator asked by an identifier of this type. */
  | { type: 'identity_looked_up'; actor: string; identifier: string; found: boolean }
  | { type: 'erasure_policy_changed'; actor: string; four_eyes: boolean; wait_hours: number }
  | { type: 'erasures_requested'; actor: string; request: string; persons: number }
  | { type: 'erasures_approved' | 'erasures_cancelled'; actor: string; request: string }
  | { type: 'erasures_done'; request: string; persons: number }
  /** A token that had asked or approved was revoked before it was done: it waits for an approval again. */
  | { type: 'erasures_reopened'; request: string }
  | { type: 'identity_exported'; actor: string }
  | {
      type: 'attributes_erased'
      actor: string
      links: number
      attributes: number
      categories: number
      seals: string
    }
  | { type: 'compliance_session_begun'; actor: string }
  | { type: 'identity_restricted'; actor: string }
  | { type: 'restriction_lifted'; actor: string }
  | { type: 'event_subscription_created'; actor: string; subscription: string; delivery: string }
  | { type: 'event_subscription_updated'; actor: string; subscription: string }
  | { type: 'event_subscription_removed'; actor: string; subscription: string }
  | { type: 'event_secret_rotated'; actor: string; subscription: string; secrets: number }
  | { type: 'event_undeliverable'; subscription: string; event: string; reason: string }
  | { type: 'event_replayed'; actor: string; event: string }
  | { type: 'job_paused'; actor: string; job: string }
  | { type: 'job_resumed'; actor: string; job: string }
  | { type: 'job_hastened'; actor: string; job: string }
  /** A run that changed anything, or did not end well; what it did is told where it did it. `done`: rows, of whatever kind. */
  | { type: 'job_ran'; job: string; outcome: string; done: number }
  /** A machine client was refused for want of a scope, or of a category in its registration. */
  | { type: 'access_denied'; lacks: string }
  | { type: 'admin_denied'; actor: string; scope: string }
  | { type: 'tenant_exported'; actor: string }
  /** Nobody is left, and nothing can follow in this trail; `messages` are those that nobody heard. */
  | { type: 'tenant_ended'; actor: string; messages: number }
  /** The same in the trail of what has no tenant, with the tokens that ended. */
  | { type: 'tenant_offboarded'; actor: string; tenant: string; tokens: number }
  /** Where that tenant ended, in the trail of what has no tenant, by its id. */
  | { type: 'audit_pruned'; until: number; removed: number; tenant?: string }
  /** In the trail of what has no tenant for a tenant that ended, by its id. */
  | { type: 'audit_exported'; actor: string; after: number; tenant?: string }
  /** Key A, B or C, as an operator moved it in the keyring. */
  | { type: 'key_state_changed'; actor: string; key: string; version: number; state: string }
  | { type: 'admin_token_created'; actor: string; token: string; scopes: string }
  | { type: 'admin_token_revoked'; actor: string; token: string }

/** An event before the trail gives it a place. */
export interface AuditEvent {
  detail: AuditDetail
  correlationId?: CorrelationId | undefined
  /** `crypto/audit-subject.ts`; absent where no person is known. */
  subjectHash?: string | undefined
  clientId?: ClientId | undefined
}

/** The detail as stored: JSON with sorted member names, of text, whole numbers and booleans only (protocols AU-02). */
export function detailText(detail: AuditDetail): string {
  const { type: _, ...rest } = detail
  const members = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(members))
}
