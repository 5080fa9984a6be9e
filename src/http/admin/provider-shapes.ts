/** Institutions' providers as the administration reads and answers them. */
import { z } from 'zod'
import { INSTITUTION } from '../../domain/admin.ts'
import { instant, scope, shown, slug, url, wholeObject, words } from './common-shapes.ts'

const providerMethod = z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
const claim = z.string().min(1).max(128)
const provider = {
  name: shown(120),
  issuer: url.describe('Without a query. Discovery must answer with the very same text.'),
  client_id: z.string().min(1).max(512).describe('Ours, at the provider.'),
  token_endpoint_auth_method: providerMethod,
  scope: scope.describe('Space-separated; must contain `openid`.'),
  identifier_attribute: claim.describe(
    'The claim that identifies an account for ever. Names, addresses and reassignable identifiers are refused.',
  ),
  attribute_mappings: z
    .record(claim, claim)
    .describe('Canonical attribute → claim, where the provider calls it otherwise.'),
  required_acr: words(20).describe('A login must have one of these.'),
  required_amr: words(20).describe('A login must have all of these.'),
  allowed_organizations: words(200).describe(
    'Values of `schac_home_organization` this tenant accepts; needed behind a federation.',
  ),
  institution: z
    .string()
    .regex(INSTITUTION)
    .describe("Whose tokens may manage it besides the tenant's own."),
  email_is_proof: z
    .boolean()
    .describe(
      'Whether an address it says is verified may be remembered, as a hash, and tell who somebody may be. Refused for a ' +
        'provider that speaks for several institutions: such hand on addresses that nobody proved.',
    ),
}

export const NewProvider = z.strictObject({
  slug: slug.describe('How the selector policy names it.'),
  name: provider.name,
  issuer: provider.issuer,
  client_id: provider.client_id,
  token_endpoint_auth_method: providerMethod.default('client_secret_basic'),
  client_secret: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe('Stored encrypted, never given out.'),
  private_key: wholeObject
    .optional()
    .describe(
      'For `private_key_jwt`: a private JWK with `alg`. Stored encrypted, never given out.',
    ),
  scope: provider.scope.default('openid'),
  id_token_signed_response_alg: z
    .string()
    .max(16)
    .optional()
    .describe('RS256 where the provider offers it.'),
  confirmed_hosts: z
    .array(z.string().min(1).max(261))
    .max(10)
    .optional()
    .describe("Hosts besides the issuer's own that its endpoints may be on."),
  subject_type: z
    .enum(['public', 'pairwise', 'transient'])
    .optional()
    .describe('A transient subject links nobody and is refused.'),
  identifier_attribute: provider.identifier_attribute.default('sub'),
  attribute_mappings: provider.attribute_mappings.default({}),
  required_acr: provider.required_acr.optional(),
  required_amr: provider.required_amr.optional(),
  allowed_organizations: provider.allowed_organizations.optional(),
  institution: provider.institution.optional(),
  email_is_proof: provider.email_is_proof.default(false),
  enabled: z
    .boolean()
    .default(true)
    .describe('False to test it first: nobody is offered it until it is switched on.'),
})

export const ProviderChange = z
  .strictObject({
    name: provider.name,
    enabled: z.boolean(),
    client_secret: z.string().min(1).max(4096),
    private_key: wholeObject.describe('For `private_key_jwt`.'),
    scope: provider.scope,
    attribute_mappings: provider.attribute_mappings,
    required_acr: provider.required_acr.nullable().describe('Null for no demand any more.'),
    required_amr: provider.required_amr.nullable(),
    allowed_organizations: provider.allowed_organizations.nullable(),
    email_is_proof: provider.email_is_proof,
  })
  .partial()

export const Provider = z.object({
  ...provider,
  slug,
  callback_url: z.string().describe('Register it for our client at the provider.'),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  userinfo_endpoint: z.string().nullable(),
  jwks_uri: z.string(),
  id_token_signed_response_alg: z.string(),
  required_acr: provider.required_acr.nullable(),
  required_amr: provider.required_amr.nullable(),
  allowed_organizations: provider.allowed_organizations.nullable(),
  institution: provider.institution.nullable(),
  enabled: z.boolean(),
  health: z
    .object({
      last_success_at: instant
        .nullable()
        .describe('When a login there last went well, to the minute.'),
      last_failure_at: instant.nullable(),
      last_failure: z.string().nullable().describe('Why, in a word.'),
    })
    .describe('How logins went lately, test logins included.'),
  discovered_at: instant,
  updated_at: instant,
})
export const ProviderList = z.object({ providers: z.array(Provider) })

export const MappingSample = z.strictObject({
  claims: wholeObject.describe('As the ID token and userinfo have them.'),
  attribute_mappings: provider.attribute_mappings
    .optional()
    .describe("Tried in place of the provider's own."),
})
export const MappingPreview = z.object({
  identified: z.boolean().describe('Whether the claim that identifies accounts is usable.'),
  attributes: z.array(
    z.object({
      name: z.string(),
      claim: z.string(),
      value: z.unknown(),
      kept: z.boolean().describe('With the binding, encrypted.'),
      released: z.string().nullable().describe('The scope that releases it; null: never.'),
    }),
  ),
  missing: z.array(z.string()).describe('Required, and not given.'),
  unused: z.array(z.string()).describe('Given, and not used.'),
})
export const NewProviderTest = z.object({
  id: z.string(),
  url: z.string().describe('To be opened in a browser, within 15 minutes.'),
  expires_at: instant,
})
export const ProviderTest = z.object({
  id: z.string(),
  state: z.enum(['created', 'started', 'succeeded', 'failed']),
  reason: z.string().nullable().describe('Why it failed, in a word.'),
  claims: z.array(z.string()),
  attributes: z.array(z.string()),
  missing: z.array(z.string()).describe('Required attributes that the provider did not fill.'),
  expires_at: instant,
})
