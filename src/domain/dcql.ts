/**
 * The Digital Credentials Query Language (OpenID4VP 1.0 section 6), from the verifier's side: a strict schema for the query
 * a tenant publishes. How it is answered is in dcql-evaluation.ts.
 *
 * Stricter than the specification on purpose: unknown members are refused, because wallets ignore them and a typing
 * error would silently ask for less (VP-062); `require_cryptographic_holder_binding: false` is refused, because a
 * presentation that anyone may replay identifies nobody (VP-135).
 */
import { z } from 'zod'

const MOST_CREDENTIALS = 16
const MOST_CLAIMS = 100

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const step = z.union([z.string().min(1).max(256), z.int().nonnegative(), z.null()])
const value = z.union([z.string().max(1024), z.int(), z.boolean()])

const claimQuery = z.strictObject({
  id: id.optional(),
  path: z.array(step).min(1).max(16),
  values: z.array(value).min(1).max(100).optional(),
  /** Of an mdoc only: whether the element will be kept (section B.2.4). Rules decide (asked-query.ts). */
  intent_to_retain: z.boolean().optional(),
})

/** Whom a credential must come from (section 6.1.1): any value of any of them will do. */
const trustedAuthority = z.discriminatedUnion('type', [
  /** Key identifiers of authorities in its certificate chain. */
  z.strictObject({
    type: z.literal('aki'),
    values: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{2,128}$/))
      .min(1)
      .max(100),
  }),
  /** Addresses of trusted lists, or of lists of them, that vouch for its anchor. */
  z.strictObject({
    type: z.literal('etsi_tl'),
    values: z.array(z.url().max(2048)).min(1).max(20),
  }),
  /** Entities of a federation above its issuer. */
  z.strictObject({
    type: z.literal('openid_federation'),
    values: z.array(z.url().max(1024)).min(1).max(20),
  }),
])

const common = {
  id,
  multiple: z.boolean().optional(),
  trusted_authorities: z.array(trustedAuthority).min(1).max(10).optional(),
  require_cryptographic_holder_binding: z.literal(true).optional(),
  claims: z.array(claimQuery).min(1).max(MOST_CLAIMS).optional(),
  claim_sets: z.array(z.array(id).min(1).max(MOST_CLAIMS)).min(1).max(MOST_CLAIMS).optional(),
}
const typeName = z.string().min(1).max(1024)

const sdJwtQuery = z.strictObject({
  ...common,
  format: z.literal('dc+sd-jwt'),
  meta: z.strictObject({ vct_values: z.array(typeName).min(1).max(50) }),
})
const mdocQuery = z.strictObject({
  ...common,
  format: z.literal('mso_mdoc'),
  meta: z.strictObject({ doctype_value: typeName }),
})
const w3cQuery = z.strictObject({
  ...common,
  format: z.literal('jwt_vc_json'),
  /** Each list is one alternative, all of whose types a credential must have (section B.1.1). */
  meta: z.strictObject({
    type_values: z.array(z.array(typeName).min(1).max(20)).min(1).max(50),
  }),
})

const credentialQuery = z
  .discriminatedUnion('format', [sdJwtQuery, mdocQuery, w3cQuery])
  .superRefine((query, context) => {
    const claims = query.claims ?? []
    claims.forEach((claim, index) => {
      if (typeof claim.path[0] !== 'string') {
        context.addIssue({
          code: 'custom',
          path: ['claims', index, 'path'],
          message: 'a path begins with the name of a claim',
        })
      }
      if (query.format === 'mso_mdoc') {
        if (claim.path.length !== 2 || claim.path.some((name) => typeof name !== 'string')) {
          context.addIssue({
            code: 'custom',
            path: ['claims', index, 'path'],
            message: 'of an mdoc is a namespace and an element',
          })
        }
      } else if (claim.intent_to_retain !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['claims', index, 'intent_to_retain'],
          message: 'is said of elements of an mdoc only',
        })
      }
    })
    const ids = claims.flatMap((claim) => (claim.id === undefined ? [] : [claim.id]))
    if (repeats(ids)) {
      context.addIssue({ code: 'custom', path: ['claims'], message: 'an id occurs twice' })
    }
    if (repeats(claims.map((claim) => JSON.stringify(claim.path)))) {
      context.addIssue({ code: 'custom', path: ['claims'], message: 'a path occurs twice' })
    }
    query.claim_sets?.forEach((set, index) => {
      if (set.some((name) => !ids.includes(name))) {
        context.addIssue({
          code: 'custom',
          path: ['claim_sets', index],
          message: 'names a claim that has no such id',
        })
      }
    })
  })

const credentialSet = z.strictObject({
  options: z.array(z.array(id).min(1).max(MOST_CREDENTIALS)).min(1).max(50),
  required: z.boolean().optional(),
})

/** The policy document of kind `query` (VP-050 to VP-056, VP-062); it goes onto the wire as it stands. */
export const DcqlQuery = z
  .strictObject({
    credentials: z.array(credentialQuery).min(1).max(MOST_CREDENTIALS),
    credential_sets: z.array(credentialSet).min(1).max(50).optional(),
  })
  .superRefine((query, context) => {
    const ids = query.credentials.map((credential) => credential.id)
    if (repeats(ids)) {
      context.addIssue({ code: 'custom', path: ['credentials'], message: 'an id occurs twice' })
    }
    query.credential_sets?.forEach((set, index) => {
      if (set.options.flat().some((name) => !ids.includes(name))) {
        context.addIssue({
          code: 'custom',
          path: ['credential_sets', index],
          message: 'names a credential that has no such id',
        })
      }
    })
    if (query.credential_sets?.every((set) => set.required === false)) {
      context.addIssue({
        code: 'custom',
        path: ['credential_sets'],
        message: 'asks for nothing: no set is required',
      })
    }
  })

export type DcqlQuery = z.infer<typeof DcqlQuery>
export type CredentialQuery = DcqlQuery['credentials'][number]
export type CredentialFormat = CredentialQuery['format']
export type ClaimQuery = z.infer<typeof claimQuery>
/** A name, the index of an array element, or `null` for all elements of an array. */
export type ClaimPath = readonly (string | number | null)[]

function repeats(names: readonly string[]): boolean {
  return new Set(names).size !== names.length
}
