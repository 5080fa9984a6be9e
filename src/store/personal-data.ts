/**
 * What the tables hold about a person, and what an erasure does to it; `exported.ts` says where an export has it. A table that
 * is not here fails a test, and so does a column of a table whose rows stay (`test/erasure/catalogue.test.ts`).
 */
export type ErasureRule =
  /** Rows about the person are deleted in the erasure's own transaction, or with the row they hang on. */
  | { rule: 'deleted' }
  /** The row stays without the person: what each column says afterwards. */
  | { rule: 'emptied'; columns: { readonly [column: string]: string } }
  /** The row stays as it is: why that says nothing about the person any more, column by column. */
  | { rule: 'kept'; columns: { readonly [column: string]: string } }
  /** Sealed, without a column that leads to a person, and gone by itself after so many seconds. */
  | { rule: 'passing'; seconds: number }
  /** Nothing in it is about a person who logs in. */
  | { rule: 'nobody' }

const NOBODY = { rule: 'nobody' } as const
const DELETED = { rule: 'deleted' } as const

export const PERSONAL_DATA: { readonly [table: string]: ErasureRule } = {
  identity: {
    rule: 'emptied',
    columns: {
      tenant_id: 'the tenant',
      id: 'random; nothing points at it',
      status: 'ERASED',
      merged_into: 'empty',
      wrapped_data_key: 'empty: what it sealed cannot be opened',
      data_key_version: 'empty',
      audit_salt: 'empty: the pseudonym in the trail leads to nobody',
      created_at: 'as it was',
      erasure_id: 'the erasure, for a repeat',
    },
  },
  identity_match: {
    rule: 'emptied',
    columns: {
      id: 'random; nothing points at it',
      tenant_id: 'the tenant',
      identifier_hash: "'deleted:' and the id",
      deleted_identifier_hash: 'empty',
      identifier_type: 'KEY, of everybody',
      internal_identity_id: 'a fresh random id of nobody',
      hash_key: 'A, of everybody',
      hash_key_version: '0, which no key has',
      metadata_json: 'empty',
      created_at: 'the time of the erasure',
      updated_at: 'the time of the erasure',
      last_used_at: 'the time of the erasure',
      deleted_at: 'the time of the erasure',
      deletion_reason: 'GDPR_ERASURE',
    },
  },
  audit_event: {
    rule: 'kept',
    columns: {
      id: 'random',
      tenant_id: 'the tenant',
      event_type: 'our own word',
      correlation_id: 'random; the journey and the grants that had it are gone',
      subject_hash: 'a pseudonym that nothing can compute again',
      client_id: 'a relying party',
      detail:
        'names, numbers, our own words (domain/audit.ts), and marks that need the data key which is gone',
      created_at: 'when it happened',
      seq: 'its place in the chain',
      prev_hash: 'the chain',
      row_hash: 'the chain',
    },
  },
  erasure: {
    rule: 'kept',
    columns: {
      tenant_id: 'the tenant',
      id: 'random',
      ground: 'our own word',
      receipt: 'random ids, time and counts, signed',
      erased_at: 'when it happened',
      noted_at: 'when the ledger had it',
    },
  },
  ...{ identity_link_binding: DELETED, auxiliary_data: DELETED, pairwise_subject: DELETED },
  ...{
    ledger_line: DELETED,
    account_choice: DELETED,
    consent: DELETED,
    identity_merge: DELETED,
    identity_merge_edge: DELETED,
  },
  ...{ journey: DELETED, reconciliation_session: DELETED, login_grant: DELETED },
  ...{ authorization_code: DELETED, access_token: DELETED, refresh_token: DELETED },
  // What tells others of the erasure itself stays, sealed and without a name of ours, until they have heard it.
  ...{ match_guard: DELETED, outbox: DELETED },
  erasure_request: {
    rule: 'kept',
    columns: {
      ...{ tenant_id: 'the tenant', id: 'random', state: 'our own word', ground: 'our own word' },
      people: 'random ids of others, and none once it has ended',
      ...{ requested_by: 'an admin token', requested_at: 'a time', approved_by: 'an admin token' },
      ...{ approved_at: 'a time', due_at: 'a time', erased: 'a count', ended_at: 'a time' },
    },
  },
  pushed_request: { rule: 'passing', seconds: 60 },
  idempotency_key: { rule: 'passing', seconds: 86_400 },
  ...{
    erasure_policy: NOBODY,
    tenant: NOBODY,
    relying_party: NOBODY,
    reconciliation_provider: NOBODY,
  },
  ...{ authorization_server: NOBODY, policy_version: NOBODY, policy_draft: NOBODY },
  retention_rule: NOBODY,
  ...{
    signing_key: NOBODY,
    admin_token: NOBODY,
    admin_session: NOBODY,
    registration_token: NOBODY,
    registration_certificate: NOBODY,
    trusted_list: NOBODY,
    kept_answer: NOBODY,
    key_check: NOBODY,
    provider_test: NOBODY,
  },
  ...{ revoked_token: NOBODY, client_assertion: NOBODY, audit_head: NOBODY },
  ...{
    audit_checkpoint: NOBODY,
    job: NOBODY,
    event_subscription: NOBODY,
    key_migration_history: NOBODY,
  },
  ...{ key_migration_progress: NOBODY, schema_migration: NOBODY },
}
