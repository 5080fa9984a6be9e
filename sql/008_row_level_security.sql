-- Which rows a transaction sees is decided by the tenant it has set, for the owner too. Then: who may do what.

DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    -- After a transaction that set it, the setting is '' on that connection, not NULL: a tenant '' cannot exist
    -- (every table checks), so an unset tenant sees nothing. No sub-select around it: a statement that looks at a few
    -- rows, as nearly all do, pays more for setting one up for each of its tables than for asking again for each row.
    EXECUTE format($policy$
      CREATE POLICY tenant_isolation ON %I
        USING (tenant_id = current_setting('app.tenant_id', true))
        WITH CHECK (tenant_id = current_setting('app.tenant_id', true))
    $policy$, name);
  END LOOP;
END
$$;

-- key_migration_history has no tenant column in the seed and holds no personal data: no policy, few rights.

GRANT USAGE ON SCHEMA public TO identity_bridge_app;
GRANT SELECT, INSERT, UPDATE ON tenant TO identity_bridge_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  identity_match, identity_link_binding, reconciliation_provider, reconciliation_session, auxiliary_data,
  match_guard, pairwise_subject, relying_party, signing_key, journey, login_grant, authorization_code, access_token,
  client_assertion, authorization_server, registration_token, registration_certificate, trusted_list, kept_answer, revoked_token, idempotency_key, refresh_token, outbox,
  event_subscription, key_migration_progress, policy_draft, retention_rule, provider_test, pushed_request
  TO identity_bridge_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON admin_session, account_choice, consent, ledger_line, identity_merge, identity_merge_edge TO identity_bridge_app;
GRANT SELECT, INSERT, UPDATE ON erasure_policy, erasure_request, erasure, identity, key_migration_history, job, admin_token TO identity_bridge_app;
GRANT SELECT, INSERT ON audit_event, audit_checkpoint, policy_version, key_check TO identity_bridge_app;
-- audit_head: none. The trigger alone writes it.
GRANT EXECUTE ON FUNCTION audit_prune(text, integer) TO identity_bridge_app;
