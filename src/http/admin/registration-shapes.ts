/** Registration certificates and the expiry calendar, as the administration reads and answers them. */
import { z } from 'zod'
import { EXPIRY_KINDS } from '../../domain/expiry.ts'
import { REGISTRATION_FORMAT } from '../../domain/registration.ts'
import { instant } from './common-shapes.ts'

const format = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/)
  .describe('`format` in `verifier_info` (OpenID4VP 1.0 section 5.1).')
const document = z.string().min(1).max(16_384).describe('A compact JWS, as the registrar made it.')

export const NewRegistrationCertificate = z.strictObject({
  client_id: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('The relying party; absent: all that have none of their own.'),
  format: format.default(REGISTRATION_FORMAT),
  document,
})
export const RegistrationCertificate = z.object({
  id: z.string(),
  client_id: z.string().nullable(),
  format,
  document,
  not_after: instant.nullable(),
  created_at: instant,
})
export const RegistrationCertificateList = z.object({
  certificates: z.array(RegistrationCertificate),
})

export const TrustedListState = z.object({
  id: z.string(),
  url: z.string(),
  issue: z
    .object({
      sequence: z.int(),
      next_update: instant,
      fetched_at: instant,
      services: z.array(z.object({ type: z.string(), certificates: z.int() })),
    })
    .nullable()
    .describe('The last one that was believed; null until there is one.'),
  checked_at: instant.nullable(),
  problem: z.string().nullable().describe('Why the last attempt came to nothing.'),
})
export const TrustedListStates = z.object({ lists: z.array(TrustedListState) })

export const TrustAnswerState = z.object({
  name: z.string(),
  kind: z
    .enum(['crl', 'ocsp', 'issuer_keys', 'federation'])
    .describe(
      'A revocation list, a responder’s answer, published keys, or a chain of a federation.',
    ),
  about: z
    .string()
    .describe('The fingerprint of a certificate (SHA-256, base64url), or an issuer.'),
  fetched_at: instant.nullable(),
  fresh_until: instant.nullable().describe('Until then no login has to ask.'),
  checked_at: instant,
  seen_at: instant.describe('When a login needed it last, to the day.'),
  problem: z.string().nullable().describe('Why the last attempt came to nothing.'),
})
export const TrustAnswerStates = z.object({ answers: z.array(TrustAnswerState) })

export const Expiry = z.object({
  kind: z.enum(EXPIRY_KINDS),
  name: z
    .string()
    .describe('A key id, a certificate’s or list’s id, or entry and position of an anchor.'),
  client_id: z.string().nullable().describe('The relying party it is for; null: the tenant.'),
  ends_at: instant,
  state: z
    .enum(['good', 'soon', 'expired'])
    .describe('`soon`: 14 days before, of anchors 30 days, of lists six hours.'),
})
export const ExpiryCalendar = z.object({ expiries: z.array(Expiry) })
