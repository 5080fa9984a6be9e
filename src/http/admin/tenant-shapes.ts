/** Tenants as the administration reads and answers them. */
import { z } from 'zod'
import { LAST_USE } from '../../domain/last-use.ts'
import { POLICY_KINDS } from '../../domain/policy.ts'
import { instant, inTwoLanguages, nextCursor, pem, slug, url, version } from './common-shapes.ts'
import { Policies } from './policy-shapes.ts'

const settings = {
  name: inTwoLanguages(120).describe('What people see on the login page.'),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .describe('Of the login page.'),
  notice_url: url
    .nullable()
    .describe('The privacy notice that is shown before a wallet is opened; https.'),
  enabled: z.boolean().describe('A disabled tenant answers like one that does not exist.'),
  cross_device: z
    .boolean()
    .describe('Whether the login page shows a QR code for a wallet on another device.'),
  digital_credentials: z
    .boolean()
    .describe(
      'Whether the login page asks for credentials through the browser (Digital Credentials API), where the browser can.',
    ),
  haip: z
    .boolean()
    .describe(
      'Whether wallets are dealt with by the OpenID4VC High Assurance Interoperability Profile 1.0 alone: `x509_hash`, encrypted answers, SD-JWT VC and mdoc of issuers known by certificate. Switched on, it switches `cross_device` off unless that is sent too.',
    ),
  require_pushed_authorization_requests: z
    .boolean()
    .describe('Whether every client must push its authorization requests (RFC 9126).'),
  consent: z
    .boolean()
    .describe(
      'Whether a person is asked before a relying party first learns about them, and again when it asks for more. A relying party may have its own word (`consent`).',
    ),
  single_sign_on_minutes: z
    .int()
    .min(0)
    .max(60)
    .describe(
      'How long after a login with a wallet on this device other relying parties get a code without asking the person again; 0: never.',
    ),
  trust_four_eyes: z
    .boolean()
    .describe(
      'Whether a new version of the trust policy must be saved as a draft by one administrator and published by another.',
    ),
  last_used: z
    .enum(LAST_USE)
    .describe(
      'How exactly it is kept when a link was last used: `day` keeps the day in UTC, from the next use on.',
    ),
  direct_login: z
    .boolean()
    .describe(
      'Whether people may log in at an enabled provider of the tenant, without a wallet: the login page offers them, and `idp_hint` picks one.',
    ),
  client_id_prefix: z
    .enum(['x509_hash', 'x509_san_dns'])
    .describe('How wallets know the bridge (OpenID4VP 1.0, 5.9.3).'),
  response_mode: z
    .enum(['direct_post.jwt', 'direct_post'])
    .describe('Whether wallets encrypt their answer.'),
  wallet_scheme: z
    .string()
    .max(512)
    .describe('What a link to a wallet begins with: a scheme ending in `://`, or an https URL.'),
}

export const RequestIdentity = z.strictObject({
  certificate_chain: pem(65_536).describe('PEM, the leaf first, without the anchor.'),
  private_key: pem(16_384).describe('PEM, unencrypted, P-256. Stored encrypted, never given out.'),
})

/** Both, or neither: then the bridge makes them. */
export const RequestIdentityChoice = RequestIdentity.partial().refine(
  (sent) => (sent.certificate_chain === undefined) === (sent.private_key === undefined),
  'certificate_chain and private_key belong together',
)

export const NewTenant = z.strictObject({
  slug: slug.describe('Part of the issuer: `{PUBLIC_URL}/t/{slug}`. Never changes.'),
  name: settings.name,
  colour: settings.colour.optional(),
  notice_url: settings.notice_url.optional(),
  enabled: settings.enabled.optional(),
  cross_device: settings.cross_device.optional(),
  digital_credentials: settings.digital_credentials.optional(),
  haip: settings.haip.optional(),
  direct_login: settings.direct_login.optional(),
  require_pushed_authorization_requests: settings.require_pushed_authorization_requests.optional(),
  consent: settings.consent.optional(),
  single_sign_on_minutes: settings.single_sign_on_minutes.optional(),
  trust_four_eyes: settings.trust_four_eyes.optional(),
  last_used: settings.last_used.optional(),
  client_id_prefix: settings.client_id_prefix.optional(),
  response_mode: settings.response_mode.optional(),
  wallet_scheme: settings.wallet_scheme.optional(),
  request_certificate: RequestIdentity.optional().describe(
    'Without it the bridge makes a key, a certificate and an authority of its own.',
  ),
  policies: Policies.optional().describe(
    'Published as version 1. Needs the scope `policies:manage` too.',
  ),
})

export const TenantChange = z.strictObject(settings).partial()

export const RequestCertificate = z.object({
  kid: z.string(),
  client_id: z.string().describe('What wallets are told the bridge is.'),
  certificate_chain: z.array(z.string()).describe('PEM, the leaf first.'),
  trust_anchor: z
    .string()
    .nullable()
    .describe('PEM of the authority the bridge made; null for a chain that was brought along.'),
  not_after: instant,
  expires_soon: z.boolean().describe('Within 14 days.'),
})

export const TenantSummary = z.object({
  slug,
  issuer: z.string(),
  ...settings,
  revision: z.int().describe('Raised by every change of the configuration.'),
})
export const Tenant = TenantSummary.extend({
  request_certificate: RequestCertificate.nullable(),
  policies: z
    .partialRecord(z.enum(POLICY_KINDS), version)
    .describe(
      'The version that new logins begin with, for each kind that was published. Logins need all five.',
    ),
})

export const TenantList = z.object({ tenants: z.array(TenantSummary), next_cursor: nextCursor })
