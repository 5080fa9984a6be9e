import { z } from 'zod'

/*
 * Whom a tenant believes (protocols TR-01 to TR-04). The document is a list of entries; a credential is accepted only
 * if *one* entry matches all of it: format, type, key mechanism and anchor or issuer. An anchor of one entry never
 * vouches for a type of another, and an empty list believes nobody.
 *
 * The `id` of an entry is part of the issuer's name, and that name is part of identifier hashes: renaming an entry
 * makes strangers of everybody it vouched for.
 */

const pem = z
  .string()
  .max(16_384)
  .regex(/^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/)

const common = {
  id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  format: z.literal('dc+sd-jwt'),
  /** The types (`vct`) that this issuer may make. */
  vct: z.array(z.string().min(1).max(1024)).min(1).max(50),
  /** What becomes of a credential with a `status`, which is not looked up yet: refused, or taken as if it had none. */
  status: z.enum(['refuse', 'ignore']).default('refuse'),
  /** Whether a credential must say when it ends; a holder could have hidden a disclosable `exp` (SD-13). */
  expiry: z.enum(['required', 'optional']).default('required'),
}

/** How the `iss` of a credential must agree with its certificate (VC-09), and hence what the issuer is called. */
const issuerRule = z.discriminatedUnion('match', [
  /** `iss` is one of the leaf's URI names; absent, the leaf must have exactly one, which then is the issuer. */
  z.strictObject({ match: z.literal('san_uri') }),
  /** `iss` is an https URL on one of the leaf's DNS names; absent, as above (`https://` and that name). */
  z.strictObject({ match: z.literal('san_dns') }),
  /** `iss` is this very text. */
  z.strictObject({ match: z.literal('exact'), value: z.string().min(1).max(1024) }),
  /** `iss` is not looked at: everyone below the anchors is one issuer, called by the entry's id alone. */
  z.strictObject({ match: z.literal('none') }),
])

const x5cEntry = z.strictObject({
  ...common,
  mechanism: z.literal('x5c'),
  /** PEM, one certificate each. The only place where an anchor can come from. */
  anchors: z.array(pem).min(1).max(50),
  issuer: issuerRule.default({ match: 'san_uri' }),
  /** Object identifiers of which the leaf's extended key usage must hold at least one. */
  extendedKeyUsage: z
    .array(z.string().regex(/^[0-2](\.\d{1,10}){1,20}$/))
    .min(1)
    .max(10)
    .optional(),
})

const metadataEntry = z.strictObject({
  ...common,
  mechanism: z.literal('jwt-vc-issuer'),
  /** The issuer, as in `iss`; its keys are fetched from `/.well-known/jwt-vc-issuer`. */
  issuer: z.string().max(1024).refine(isIssuerUrl, 'an https URL without user, query or fragment'),
})

/**
 * The policy document of kind `trust`. Whether the anchors are certificates is said by `prepareTrust` in wallet/, which
 * whoever publishes a policy calls as well.
 */
export const TrustPolicy = z
  .strictObject({
    entries: z.array(z.discriminatedUnion('mechanism', [x5cEntry, metadataEntry])).max(500),
  })
  .superRefine((policy, context) => {
    const ids = new Set<string>()
    const claimed = new Set<string>()
    policy.entries.forEach((entry, index) => {
      if (ids.has(entry.id)) {
        context.addIssue({
          code: 'custom',
          path: ['entries', index, 'id'],
          message: 'an id occurs twice',
        })
      }
      ids.add(entry.id)
      // Two entries for one source and type would leave the issuer's name to their order.
      for (const fact of factsOf(entry)) {
        if (claimed.has(fact)) {
          context.addIssue({
            code: 'custom',
            path: ['entries', index],
            message: 'vouches for a type and source that another entry has',
          })
        }
        claimed.add(fact)
      }
    })
  })

export type TrustPolicy = z.infer<typeof TrustPolicy>
export type TrustEntry = TrustPolicy['entries'][number]
export type CertificateTrustEntry = Extract<TrustEntry, { mechanism: 'x5c' }>
export type MetadataTrustEntry = Extract<TrustEntry, { mechanism: 'jwt-vc-issuer' }>

function factsOf(entry: TrustEntry): readonly string[] {
  const sources =
    entry.mechanism === 'x5c'
      ? [...new Set(entry.anchors.map((anchor) => anchor.replace(/-----[^-]+-----|\s/g, '')))]
      : [entry.issuer]
  return sources.flatMap((source) =>
    [...new Set(entry.vct)].map((vct) => JSON.stringify([entry.format, vct, source])),
  )
}

/** A canonical https URL: parsing it must change nothing but an empty path (VC-06, VC-08). */
function isIssuerUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url?.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    !/[?#]/.test(text) &&
    (url.href === text || url.href === `${text}/`)
  )
}
