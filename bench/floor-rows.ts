/**
 * The floor's six transactions: the rows a login touches, one statement each between BEGIN with the tenant set and COMMIT,
 * on the service's own schema, under its row-level security and with its run-time login. Written once and left alone: when
 * the service's statements change, these do not.
 */

interface Statement {
  name: string
  text: string
}

/** $1 tenant, $2 journey, $3 now, $4 expiry, $5 sealed request, $6 to $8 hashes. */
export const BEGIN_JOURNEY: Statement = {
  name: 'floor_begin_journey',
  text: `INSERT INTO journey (tenant_id, id, state, correlation_id, client_id, browser_hash, language, request,
           request_kid, policies, same_device_request_hash, same_device_state_hash, created_at, updated_at, expires_at)
         VALUES ($1, $2, 'started', $2, 'app', $6, 'en', $5, 'kid', '{}', $7, $8, $3, $3, $4)`,
}

/** $1 tenant, $2 journey, $3 now. */
export const FETCH_REQUEST: Statement = {
  name: 'floor_fetch_request',
  text: `UPDATE journey SET state = 'retrieved', updated_at = $3
          WHERE tenant_id = $1 AND id = $2 AND state IN ('started', 'retrieved') RETURNING request`,
}

/** $1 tenant, $2 journey, $3 now, $4 holder hash, $5 sealed attributes, $6 hash of the response code. */
export const PRESENT: Statement = {
  name: 'floor_present',
  text: `UPDATE journey SET state = 'presented', way = 'same_device', presented_at = $3, identifier_hashes = ARRAY[$4],
           identifiers = '[]', presentation = $5, response_code_hash = $6, same_device_request_hash = NULL,
           same_device_state_hash = NULL, updated_at = $3
          WHERE tenant_id = $1 AND id = $2 AND state IN ('started', 'retrieved') RETURNING request, policies`,
}

/** $1 tenant, $2 journey, $3 now, $4 holder hash, $5 grant, $6 code hash, $7 event, $8 subject hash, $9 expiry. */
export const GRANT: Statement = {
  name: 'floor_grant',
  text: `WITH hit AS (
           SELECT m.id AS match_id, m.internal_identity_id AS identity_id, b.id AS binding_id
             FROM identity_match m
             JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'ACTIVE'
             JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
            WHERE m.tenant_id = $1 AND m.identifier_hash = $4 AND m.identifier_type = 'KEY'
         ), moved AS (
           UPDATE journey SET state = 'granted', identity_id = hit.identity_id, binding_id = hit.binding_id,
             response_code_hash = NULL, presentation = NULL, identifier_hashes = NULL, updated_at = $3
             FROM hit WHERE tenant_id = $1 AND id = $2 AND state = 'presented'
           RETURNING hit.match_id, hit.identity_id, hit.binding_id
         ), touched_match AS (
           UPDATE identity_match m SET last_used_at = $3 FROM moved WHERE m.tenant_id = $1 AND m.id = moved.match_id
         ), touched_binding AS (
           UPDATE identity_link_binding b SET last_used_at = $3 FROM moved
            WHERE b.tenant_id = $1 AND b.id = moved.binding_id
         ), granted AS (
           INSERT INTO login_grant (tenant_id, id, client_id, identity_id, binding_id, subject, correlation_id, scope, acr, amr,
             auth_time, attribute_policy_version, created_at, expires_at)
           SELECT $1, $5, 'app', identity_id, binding_id, $5, $2, 'openid profile email', 'acr', '[]', 0, 1, $3::iso_instant,
             $9::iso_instant FROM moved
         ), code AS (
           INSERT INTO authorization_code (tenant_id, code_hash, grant_id, client_id, redirect_uri, created_at, expires_at)
           SELECT $1, $6, $5, 'app', 'https://app.example/callback', $3::iso_instant, $9::iso_instant FROM moved
         ), event AS (
           INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, subject_hash, client_id, detail, created_at)
           SELECT $7, $1, 'login_completed', $2, $8, 'app', '{}', $3::iso_instant FROM moved
         )
         SELECT identity_id FROM moved`,
}

/** $1 tenant, $2 code hash, $3 now, $4 token hash, $5 event, $6 journey, $7 subject hash, $8 expiry. */
export const REDEEM: Statement = {
  name: 'floor_redeem',
  text: `WITH consumed AS (
           UPDATE authorization_code SET consumed_at = $3
            WHERE tenant_id = $1 AND code_hash = $2 AND consumed_at IS NULL RETURNING grant_id
         ), issued AS (
           INSERT INTO access_token (tenant_id, token_hash, grant_id, created_at, expires_at)
           SELECT $1, $4, grant_id, $3::iso_instant, $8::iso_instant FROM consumed
         ), event AS (
           INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, subject_hash, client_id, detail, created_at)
           SELECT $5, $1, 'tokens_issued', $6, $7, 'app', '{}', $3::iso_instant FROM consumed
         )
         SELECT g.scope, g.acr, g.amr, g.auth_time, s.subject
           FROM consumed
           JOIN login_grant g ON g.tenant_id = $1 AND g.id = consumed.grant_id
           JOIN pairwise_subject s ON s.tenant_id = $1 AND s.identity_id = g.identity_id AND s.sector = 'app.example'`,
}

/** $1 tenant, $2 token hash. */
export const READ_CLAIMS: Statement = {
  name: 'floor_read_claims',
  text: `SELECT g.scope, s.subject, i.wrapped_data_key, b.persisted_attributes_envelope
           FROM access_token t
           JOIN login_grant g ON g.tenant_id = $1 AND g.id = t.grant_id AND g.revoked_at IS NULL
           JOIN identity i ON i.tenant_id = $1 AND i.id = g.identity_id AND i.status = 'ACTIVE'
           JOIN identity_link_binding b ON b.tenant_id = $1 AND b.id = g.binding_id
           JOIN pairwise_subject s ON s.tenant_id = $1 AND s.identity_id = g.identity_id AND s.sector = 'app.example'
          WHERE t.tenant_id = $1 AND t.token_hash = $2`,
}
