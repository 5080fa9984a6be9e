/** Examples of the administration, as its description shows them. A test holds each against its shape. */

export const ID = '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'
export const INSTANT = '2026-01-31T12:00:00.000Z'
const DIGEST = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n'

const SETTINGS = {
  name: { en: 'Example University', nl: 'Voorbeelduniversiteit' },
  colour: '#1f4e79',
  notice_url: 'https://www.university.example/privacy',
  enabled: true,
  cross_device: true,
  digital_credentials: true,
  haip: false,
  direct_login: false,
  require_pushed_authorization_requests: false,
  consent: false,
  single_sign_on_minutes: 0,
  trust_four_eyes: false,
  last_used: 'exact',
  client_id_prefix: 'x509_hash',
  response_mode: 'direct_post.jwt',
  wallet_scheme: 'openid4vp://',
}

export const REQUEST_CERTIFICATE = {
  kid: 'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s',
  client_id: `x509_hash:${DIGEST}`,
  certificate_chain: [PEM],
  trust_anchor: PEM,
  not_after: '2028-01-31T12:00:00.000Z',
  expires_soon: false,
}
export const TENANT_SUMMARY = {
  slug: 'example',
  issuer: 'https://bridge.example/t/example',
  ...SETTINGS,
  revision: 1,
}
export const TENANT = {
  ...TENANT_SUMMARY,
  request_certificate: REQUEST_CERTIFICATE,
  policies: { trust: 1, query: 1, attributes: 1, material: 1, selector: 1 },
}

export const SELECTOR = { default: { plan: 'RUN_IDV', provider: 'surf', profile: 'standard' } }
const VCT = 'https://credentials.example/eduid'
export const NEW_TENANT = {
  slug: 'example',
  name: SETTINGS.name,
  policies: {
    trust: {
      entries: [
        {
          id: 'example-issuer',
          format: 'dc+sd-jwt',
          vct: [VCT],
          mechanism: 'jwt-vc-issuer',
          issuer: 'https://issuer.example',
        },
      ],
    },
    query: {
      credentials: [
        {
          id: 'eduid',
          format: 'dc+sd-jwt',
          meta: { vct_values: [VCT] },
          claims: [{ path: ['given_name'] }],
        },
      ],
    },
    attributes: {
      rules: [
        {
          name: 'given_name',
          merge: 'WALLET_ONLY',
          wallet: ['given_name'],
          project: true,
          scope: 'profile',
        },
        { name: 'eduperson_affiliation', merge: 'OIDC_ONLY', persist: true, project: true },
      ],
    },
    material: {
      profiles: [
        { id: 'standard', materials: [{ type: 'holder_key' }, { type: 'provider_subject' }] },
      ],
    },
    selector: SELECTOR,
  },
}

export const NEW_RELYING_PARTY = {
  client_id: 'my-app',
  client_name: 'My application',
  redirect_uris: ['https://app.example/callback'],
}
export const RELYING_PARTY = {
  ...NEW_RELYING_PARTY,
  token_endpoint_auth_method: 'client_secret_basic',
  jwks: null,
  jwks_uri: null,
  id_token_signed_response_alg: 'RS256',
  require_pkce: true,
  claims_in_id_token: false,
  sector: 'app.example',
  purpose: null,
  grant_types: ['authorization_code'],
  offline_access_needed: true,
  dpop_bound_access_tokens: false,
  require_pushed_authorization_requests: false,
  scopes: ['profile', 'email'],
  claims: null,
  consent: 'tenant',
  post_logout_redirect_uris: ['https://app.example/logged-out'],
  backchannel_logout_uri: 'https://app.example/backchannel-logout',
  backchannel_logout_session_required: false,
  profile: 'standard',
  subject_type: 'pairwise',
  sector_identifier_uri: null,
  userinfo_signed_response_alg: null,
  machine_scopes: [],
  data_access: { claims: [], auxiliary: [] },
  audiences: [],
  resource: null,
  issued_by: null,
  secrets: 1,
  enabled: true,
}

export const TOKEN_CONTRACT = {
  ...{ state: 'enforced', recorded_at: '2026-03-01T09:00:00.000Z' },
  claims: [{ name: 'given_name', type: 'string', scope: 'profile' }],
  acr: ['urn:identity-bridge:acr:wallet-same-device'],
}

export const REGISTRATION_TOKEN = {
  ...{ id: ID, name: 'student projects', uses_left: 5 },
  ...{ created_at: INSTANT, expires_at: '2026-02-07T12:00:00.000Z' },
}

export const REGISTRATION_CERTIFICATE = {
  ...{ id: ID, client_id: null, format: 'registration_cert' },
  document: 'eyJ0eXAiOiJyYy13cnArand0In0.eyJjcmVkZW50aWFscyI6W119.c2lnbmF0dXJl',
  ...{ not_after: '2027-01-31T12:00:00.000Z', created_at: INSTANT },
}

export const TRUSTED_LIST = {
  ...{ id: 'eu-pid', url: 'https://lists.example/pid.jwt', checked_at: INSTANT, problem: null },
  issue: {
    ...{ sequence: 12, next_update: '2027-01-31T12:00:00.000Z', fetched_at: INSTANT },
    services: [{ type: 'http://uri.etsi.org/19602/SvcType/PID/Issuance', certificates: 27 }],
  },
}

export const TRUST_ANSWER = {
  ...{ name: 'c2tvbGVt', kind: 'crl', about: REQUEST_CERTIFICATE.kid, fetched_at: INSTANT },
  ...{ fresh_until: '2027-01-31T12:00:00.000Z', checked_at: INSTANT, seen_at: INSTANT },
  problem: null,
}

export const EXPIRY = {
  ...{ kind: 'request_certificate', name: REQUEST_CERTIFICATE.kid, client_id: null },
  ...{ ends_at: '2027-01-31T12:00:00.000Z', state: 'good' },
}

export const SIGNING_KEY = {
  kid: REQUEST_CERTIFICATE.kid,
  ...{ purpose: 'token', algorithm: 'ES256', state: 'active' },
  ...{ created_at: INSTANT, activated_at: INSTANT, retire_at: null },
}

export const NEW_AUTHORIZATION_SERVER = {
  issuer: 'https://login.university.example',
  jwks_uri: 'https://login.university.example/jwks',
}
export const AUTHORIZATION_SERVER = {
  id: ID,
  ...NEW_AUTHORIZATION_SERVER,
  audience: 'https://bridge.example/t/example/api/v1',
  token_type: 'at+jwt',
}

export const NEW_PROVIDER = {
  slug: 'surf',
  name: 'SURFconext',
  issuer: 'https://connect.surfconext.example',
  client_id: 'bridge.example',
  client_secret: 'given-to-you-by-the-institution',
  scope: 'openid',
  allowed_organizations: ['university.example'],
}
export const PROVIDER = {
  slug: 'surf',
  name: 'SURFconext',
  issuer: 'https://connect.surfconext.example',
  client_id: 'bridge.example',
  token_endpoint_auth_method: 'client_secret_basic',
  scope: 'openid',
  identifier_attribute: 'sub',
  attribute_mappings: {},
  required_acr: null,
  required_amr: null,
  allowed_organizations: ['university.example'],
  institution: null,
  email_is_proof: false,
  enabled: true,
  health: { last_success_at: INSTANT, last_failure_at: null, last_failure: null },
  callback_url: `https://bridge.example/t/example/callback/${ID}`,
  authorization_endpoint: 'https://connect.surfconext.example/oidc/authorize',
  token_endpoint: 'https://connect.surfconext.example/oidc/token',
  userinfo_endpoint: 'https://connect.surfconext.example/oidc/userinfo',
  jwks_uri: 'https://connect.surfconext.example/oidc/certs',
  id_token_signed_response_alg: 'RS256',
  discovered_at: INSTANT,
  updated_at: INSTANT,
}

export const MAPPING_PREVIEW = {
  identified: true,
  attributes: [
    { name: 'given_name', claim: 'given_name', value: 'Sanne', kept: true, released: 'profile' },
  ],
  missing: ['family_name'],
  unused: [],
}
export const PROVIDER_TEST = {
  id: ID,
  state: 'succeeded',
  reason: null,
  claims: ['sub', 'given_name'],
  attributes: ['given_name'],
  missing: ['family_name'],
  expires_at: INSTANT,
}

export const POLICY_VERSION = {
  version: 1,
  digest: DIGEST,
  published_at: INSTANT,
  published_by: ID,
}
export const PUBLISHED_POLICY = {
  kind: 'selector',
  version: 1,
  digest: DIGEST,
  published_at: INSTANT,
}

export const POLICY_DRAFT = {
  kind: 'selector',
  state: 'draft',
  digest: DIGEST,
  based_on: 1,
  saved_at: INSTANT,
  saved_by: ID,
}
export const POLICY_VERDICT = {
  acceptable: true,
  findings: [
    {
      severity: 'warning',
      code: 'over_asking',
      kind: 'query',
      path: 'credentials.0.claims.3',
      message: 'nothing uses this claim; it will not be asked for',
    },
  ],
}

export const RECORDED_LOGIN = {
  name: 'a stranger',
  credentials: [
    { query: 'eduid', types: [VCT], issuer: 'example-issuer', claims: { given_name: true } },
  ],
}
const STRANGER = {
  refused: null,
  decision: { plan: SELECTOR.default, rule: 'builtin:default', reasons: ['no_rule_matched'] },
}
const OUTCOMES = [
  {
    name: 'a stranger',
    changed: true,
    before: STRANGER,
    after: { refused: 'query_not_satisfied', decision: null },
  },
]
const MEMBERS = [
  {
    path: 'credentials.eduid.claims.family_name',
    change: 'added',
    after: { path: ['family_name'] },
  },
]
export const POLICY_PLAN = {
  ...POLICY_VERDICT,
  changes: [{ kind: 'query', version: 2, members: MEMBERS }],
  outcomes: OUTCOMES,
}
export const POLICY_DIFFERENCE = { kind: 'query', members: MEMBERS, outcomes: OUTCOMES }
export const POLICY_EXPLANATION = {
  ...POLICY_VERDICT,
  explanations: [
    {
      ...STRANGER,
      name: 'a stranger',
      missing: [],
      untrusted: [],
      shown: ['given_name'],
      open: [],
      unidentified: [],
      rules: [
        {
          rule: 'builtin:default',
          outcome: 'chosen',
          held: ['no_rule_matched'],
          failed: [],
        },
      ],
    },
  ],
}

export const ADMIN_TOKEN = {
  id: ID,
  name: 'deployment pipeline',
  scopes: ['clients:manage'],
  tenant: 'example',
  institution: null,
  created_at: INSTANT,
  expires_at: '2026-05-01T12:00:00.000Z',
  last_used_at: null,
  revoked_at: null,
}

export const AUDIT_EVENT = {
  id: ID,
  seq: 7,
  type: 'relying_party_registered',
  correlation_id: null,
  subject_hash: null,
  client_id: 'my-app',
  detail: { actor: '6d9d4c1e-7e0d-4a3e-8a53-2f9d1f0c7b11' },
  created_at: INSTANT,
  prev_hash: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  row_hash: '4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce',
}

export const AUDIT_CHECKPOINT = {
  ...{ seq: 7, start_seq: 0, jws: 'eyJhbGciOiJFZERTQSJ9.eyJzZXEiOjd9.c2ln', created_at: INSTANT },
}
export const CHECKPOINT_KEY = {
  ...{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  ...{ kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', use: 'sig' },
}

const OTHER_ID = '9d0c7a34-1b52-4f0e-8c7a-64b0f2a1e7c3'
export const MERGE = {
  id: ID,
  merged: OTHER_ID,
  surviving: ID,
  merged_by: ID,
  merged_at: INSTANT,
  split_until: '2026-03-02T12:00:00.000Z',
  split_by: null,
  split_at: null,
}
const LIVE = { created_at: INSTANT, last_used_at: INSTANT, ended_at: null, reason: null }
export const IDENTITY = {
  id: ID,
  status: 'ACTIVE',
  merged_into: null,
  created_at: INSTANT,
  matches: [
    { id: ID, type: 'KEY', side: 'wallet', ...LIVE },
    { id: OTHER_ID, type: 'SUBJECT_ID', side: 'institution', ...LIVE },
  ],
  bindings: [{ id: ID, match: ID, provider: 'surf', proved_at: INSTANT, ...LIVE }],
  merges: [],
}

export const NEW_EVENT_SUBSCRIPTION = {
  ...{ client_id: 'demo-app', delivery: 'webhook' },
  endpoint: 'https://app.example/webhooks/identity-bridge',
}
export const WEBHOOK_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDc9xX0Q3gXhA='
export const EVENT_SUBSCRIPTION = {
  ...{ id: ID, ...NEW_EVENT_SUBSCRIPTION, audience: 'demo-app' },
  event_types: ['binding_removed', 'identity_erased'],
  enabled: true,
  created_at: '2026-03-01T09:00:00.000Z',
  updated_at: '2026-03-01T09:00:00.000Z',
}
export const EVENT = {
  ...{
    id: ID,
    subscription: ID,
    client_id: null,
    type: 'identity_erased',
    state: 'dead',
    attempts: 8,
  },
  ...{ last_error: 'unreachable', created_at: '2026-03-01T09:00:00.000Z' },
  at: '2026-03-02T13:00:00.000Z',
}

export const ERASURE = {
  id: ID,
  erased_at: INSTANT,
  receipt:
    'eyJ0eXAiOiJlcmFzdXJlLXJlY2VpcHQrand0Iiwi….eyJpc3MiOiJodHRwczovL2JyaWRnZS5leGFtcGxlL3Qv….h9kQ…',
}

export const IDENTIFIER = {
  ...{ kind: 'account', provider: 'surf', value: '7b1f0c2e@noorderhaven.example' },
} as const
export const CONSENT = {
  ...{ client_id: 'my-app', client_name: 'My application' },
  ...{ scopes: ['openid', 'profile'], claims: ['given_name', 'family_name'] },
  purpose: { en: 'To show your courses.', nl: 'Om je vakken te tonen.' },
  ...{ given_at: INSTANT, given_again_at: INSTANT },
}
export const EXPORT = {
  ...{ format: 'identity-bridge-export/1', tenant: 'https://bridge.example/t/demo' },
  exported_at: INSTANT,
  persons: [{ id: ID, status: 'ACTIVE', merged_into: null, created_at: INSTANT }],
  known_by: [{ id: ID, type: 'KEY', side: 'wallet', ...LIVE }],
  links: [
    {
      ...{ id: ID, known_by: ID, provider: 'surf', provider_name: 'SURF', ...LIVE },
      ...{ account: '7b1f0c2e@noorderhaven.example', account_attribute: 'sub' },
      attributes: { given_name: 'Sanne' },
      attributes_from: { given_name: [{ side: 'institution', provider: 'surf', at: INSTANT }] },
    },
  ],
  ...{ auxiliary: [], subjects: [], account_choices: [], consents: [], logins: [], journeys: [] },
  ...{ institution_logins: [], merges: [], messages: [], events: [] },
}

export const RETENTION_ENTRY = {
  ...{ kind: 'links', what: 'Links between a wallet and an account.', days: 365, lives: null },
  ...{ notice_days: 30, ground: 'Needed to recognise the person at the next login.' },
  ...{ job: 'end-inactive', last_run_at: INSTANT, next_run_at: '2026-02-01T03:40:00.000Z' },
  ...{ paused: false, due: 12, warned: 240, at_least: false },
}
export const PROCESSING_RECORD = {
  ...{ tenant: 'example', controller: 'Example University', generated_at: INSTANT },
  ...{ privacy_notice: SETTINGS.notice_url, policies: { attributes: 1 } },
  purposes: [{ recipient: 'Course catalogue', purpose: 'To show your courses.' }],
  data_subjects: 'People who log in at Example University or at the services that it serves.',
  identifiers: ['holder_key'],
  attributes: [{ name: 'given_name', from: 'wallet', kept: true, passed_on_with: 'scope profile' }],
  sources: [{ name: 'SURF', kind: 'institution' }],
  recipients: [{ name: 'Course catalogue', kind: 'relying party', sees: 'given_name (profile)' }],
  retention: [{ what: 'Links.', period: '730 days', ground: 'Needed at the next login.' }],
  security: ['Identifiers are kept as keyed hashes only.'],
  to_be_said: ['Name and contact of the controller.'],
  markdown: '# Record of processing: Example University\n…',
}

export const ERASURE_POLICY = { four_eyes: true, wait_hours: 24 }
export const ERASURE_REQUEST = {
  ...{ id: ID, state: 'waiting', ground: 'not_needed', persons: 1, requested_by: ID },
  ...{ requested_at: INSTANT, approved_by: null, due_at: INSTANT, erased: 0, ended_at: null },
}
