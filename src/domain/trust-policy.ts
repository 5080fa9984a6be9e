/**
 * Whom a tenant believes (protocols TR-01 to TR-04). The document is a list of entries; a credential is accepted only
 * if *one* entry matches all of it: format, type, key mechanism and anchor or issuer. An anchor of one entry never
 * vouches for a type of another, and an empty list believes nobody.
 *
 * The `id` of an entry is part of the issuer's name, and that name is part of identifier hashes: renaming an entry
 * makes strangers of everybody it vouched for.
 */
import { z } from 'zod'
import { federated } from './federation-entry.ts'
import { checkLists, listId, pem, trustedListRule } from './trusted-list-policy.ts'

const typeName = z.string().min(1).max(1024)
/** PEM, one certificate each, with the time in which it counts where that is less than its own dates. */
const anchor = z.union([
  pem,
  z
    .strictObject({
      certificate: pem,
      notBefore: z.iso.datetime().optional(),
      notAfter: z.iso.datetime().optional(),
    })
    .refine(isTimeInOrder, 'ends before it begins'),
])
/** Anchors come from here, and from the trusted lists that an entry names; from nowhere else. */
const anchors = z.array(anchor).max(50).default([])

/** Anchors out of a trusted list: the CA certificates of its services of these types that are granted now. */
const trustedLists = z
  .array(
    z.strictObject({
      list: listId,
      /** Service type identifiers, whole. */
      services: z.array(z.string().min(1).max(512)).min(1).max(20),
    }),
  )
  .max(10)
  .default([])

/** Object identifiers of which the leaf's extended key usage must hold at least one. */
const purposes = z
  .array(z.string().regex(/^[0-2](\.\d{1,10}){1,20}$/))
  .min(1)
  .max(10)

const common = {
  id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  /** A credential's `status` is looked up where it has one, must be there, or is taken as if it were not. */
  status: z.enum(['check', 'require', 'ignore']).default('check'),
  /**
   * Seconds for which a status list that was had earlier still counts where a newer one cannot be fetched; never past
   * its own end. 0: no list, no login (TS-10).
   */
  statusGraceSeconds: z.int().min(0).max(43_200).default(0),
  /**
   * Object identifiers of an extended key usage by which a signer below the same anchors may sign status lists for an
   * issuer of another name (TS-08). Absent: the issuer signs them itself.
   */
  statusPurposes: purposes.optional(),
  /**
   * Hours after which the status of the credential behind a link is looked up again by itself (TS-13): a link whose
   * credential was revoked is to be proved anew. For that the place of the status is kept, sealed, with the link.
   * 0: nothing is kept, and a status is looked up when the credential is shown.
   */
  statusRecheckHours: z.int().min(0).max(8_760).default(0),
  /** Whether this issuer proves the e-mail addresses it writes down; only then do materials read them. */
  provesEmail: z.boolean().default(false),
}

/**
 * Whether certificates between a leaf and its anchor are asked about (RFC 5280 section 5, RFC 6960), for credentials that
 * are already proved.
 */
const revocation = z
  .strictObject({
    /** Those that name a list or responder are asked about; each must name one; or none is asked about. */
    check: z.enum(['check', 'require', 'ignore']).default('check'),
    /** A list tells its issuer nothing; a responder learns which certificate is used, never by whom. */
    first: z.enum(['crl', 'ocsp']).default('crl'),
    /** Seconds for which an answer that was had earlier still counts past its end where no newer one can be had. */
    graceSeconds: z.int().min(0).max(604_800).default(0),
    /** What becomes of a login for which nobody can be asked. `accept` is written into the audit trail each time. */
    unavailable: z.enum(['refuse', 'accept']).default('refuse'),
  })
  .prefault({})

/** What an entry says of the certificates below its anchors. */
const certified = {
  anchors,
  trustedLists,
  revocation,
  /** Object identifiers of certificate policies of which the chain must have been issued under at least one. */
  certificatePolicies: purposes.optional(),
}

const sdJwt = {
  ...common,
  format: z.literal('dc+sd-jwt'),
  /** The types (`vct`) that this issuer may make. */
  vct: z.array(typeName).min(1).max(50),
  /** Whether a credential must say when it ends; a holder could have hidden a disclosable `exp` (SD-13). */
  expiry: z.enum(['required', 'optional']).default('required'),
}

const w3c = {
  ...common,
  format: z.literal('jwt_vc_json'),
  /** The types that this issuer may make, as they stand in `type`, besides `VerifiableCredential`. */
  types: z.array(typeName).min(1).max(50),
  /**
   * What those types are called in full by the issuer's `@context`, where a query asks for full names. No context is
   * ever fetched: whoever writes this list did the expanding.
   */
  typeNames: z.record(typeName, typeName).optional(),
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
  ...sdJwt,
  mechanism: z.literal('x5c'),
  ...certified,
  issuer: issuerRule.default({ match: 'san_uri' }),
  extendedKeyUsage: purposes.optional(),
})

/** Seconds for which published keys still count past their hour where they cannot be fetched anew; each time is recorded. */
const keysGraceSeconds = z.int().min(0).max(604_800).default(0)

const metadataEntry = z.strictObject({
  ...sdJwt,
  keysGraceSeconds,
  mechanism: z.literal('jwt-vc-issuer'),
  /** The issuer, as in `iss`; its keys are fetched from `/.well-known/jwt-vc-issuer`. */
  issuer: z.string().max(1024).refine(isIssuerUrl, 'an https URL without user, query or fragment'),
})

const mdocEntry = z.strictObject({
  ...common,
  format: z.literal('mso_mdoc'),
  /** The document types that this issuer may make. */
  doctypes: z.array(typeName).min(1).max(50),
  mechanism: z.literal('x5c'),
  /** The anchors are the roots (IACA) above the document signers. */
  ...certified,
  /** An mdoc names no issuer: all signers below the anchors are one, or each is called by its certificate. */
  issuer: z
    .discriminatedUnion('match', [
      z.strictObject({ match: z.literal('none') }),
      z.strictObject({ match: z.literal('san_uri') }),
      z.strictObject({ match: z.literal('san_dns') }),
    ])
    .default({ match: 'none' }),
  /** Which rules document signers obey: those of ISO/IEC 18013-5 annex B, or those of any certificate path alone. */
  certificates: z.enum(['iso18013-5', 'rfc5280']).default('iso18013-5'),
  /** In place of the purpose that ISO/IEC 18013-5 asks for. */
  extendedKeyUsage: purposes.optional(),
  /**
   * Whether a device may prove itself by a MAC in place of a signature, where the answer is encrypted (ISO/IEC 18013-5
   * section 9.1.3.5). A MAC convinces us and nobody else: we could have made it.
   */
  deviceMac: z.enum(['refuse', 'accept']).default('refuse'),
})

const w3cCertificateEntry = z.strictObject({
  ...w3c,
  mechanism: z.literal('x5c'),
  ...certified,
  issuer: issuerRule.default({ match: 'san_uri' }),
  extendedKeyUsage: purposes.optional(),
})

const w3cDidEntry = z.strictObject({
  ...w3c,
  keysGraceSeconds,
  mechanism: z.literal('did'),
  /** The issuers, each a `did:jwk`, `did:key` or `did:web`; the document of the latter is fetched. */
  issuers: z
    .array(
      z
        .string()
        .max(2048)
        .regex(/^did:(?:jwk:[A-Za-z0-9_-]+|key:z[1-9A-HJ-NP-Za-km-z]+|web:[A-Za-z0-9.%:_-]+)$/),
    )
    .min(1)
    .max(100),
})

const federatedEntry = z.strictObject({ ...sdJwt, ...federated, keysGraceSeconds })
const w3cFederatedEntry = z.strictObject({ ...w3c, ...federated, keysGraceSeconds })

/**
 * The policy document of kind `trust`. Whether the anchors are certificates is said by `prepareTrust` in wallet/, which
 * whoever publishes a policy calls as well.
 */
export const TrustPolicy = z
  .strictObject({
    entries: z
      .array(
        z.discriminatedUnion('format', [
          z.discriminatedUnion('mechanism', [x5cEntry, metadataEntry, federatedEntry]),
          mdocEntry,
          z.discriminatedUnion('mechanism', [w3cCertificateEntry, w3cDidEntry, w3cFederatedEntry]),
        ]),
      )
      .max(500),
    lists: z.array(trustedListRule).max(20).default([]),
  })
  .superRefine((policy, context) => {
    checkLists(policy, context)
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
export type SdJwtTrustEntry = Extract<TrustEntry, { format: 'dc+sd-jwt' }>
export type CertificateTrustEntry = z.infer<typeof x5cEntry>
export type MetadataTrustEntry = z.infer<typeof metadataEntry>
export type FederationTrustEntry =
  | z.infer<typeof federatedEntry>
  | z.infer<typeof w3cFederatedEntry>
export type MdocTrustEntry = z.infer<typeof mdocEntry>
export type W3cTrustEntry = Extract<TrustEntry, { format: 'jwt_vc_json' }>

/** An anchor of an entry: a certificate, alone or with its own time. */
export type TrustAnchor = z.infer<typeof anchor>
export type RevocationRule = z.infer<typeof revocation>

/** The certificate of an anchor, PEM. */
export function pemOf(anchor: TrustAnchor): string {
  return typeof anchor === 'string' ? anchor : anchor.certificate
}

/** The types of credentials that an entry vouches for: `vct`, doctypes, or W3C types. */
export function typesOf(entry: TrustEntry): readonly string[] {
  switch (entry.format) {
    case 'dc+sd-jwt':
      return entry.vct
    case 'mso_mdoc':
      return entry.doctypes
    case 'jwt_vc_json':
      return entry.types
  }
}

/** What every W3C credential is, as it stands in `type` and in full, by both versions' contexts. */
const W3C_BASE = [
  'VerifiableCredential',
  'https://www.w3.org/2018/credentials#VerifiableCredential',
] as const

/** Every name by which a query may ask for the types an entry vouches for. */
export function namesOfTypes(entry: TrustEntry): readonly string[] {
  if (entry.format !== 'jwt_vc_json') return typesOf(entry)
  const named = new Map(Object.entries(entry.typeNames ?? {}))
  return [...W3C_BASE, ...entry.types, ...entry.types.flatMap((type) => named.get(type) ?? [])]
}

function sourcesOf(entry: TrustEntry): readonly string[] {
  switch (entry.mechanism) {
    case 'x5c':
      return [
        ...new Set(entry.anchors.map((anchor) => pemOf(anchor).replace(/-----[^-]+-----|\s/g, ''))),
        ...new Set(
          entry.trustedLists.flatMap(({ list, services }) =>
            services.map((service) => `list ${list} ${service}`),
          ),
        ),
      ]
    case 'jwt-vc-issuer':
      return [entry.issuer]
    case 'did':
      return [...new Set(entry.issuers)]
    case 'openid-federation':
      return entry.trustAnchors.flatMap(({ entity }) =>
        [...new Set(entry.issuers)].map((issuer) => `${entity} ${issuer}`),
      )
  }
}

function factsOf(entry: TrustEntry): readonly string[] {
  return sourcesOf(entry).flatMap((source) =>
    [...new Set(typesOf(entry))].map((type) => JSON.stringify([entry.format, type, source])),
  )
}

function isTimeInOrder({
  notBefore,
  notAfter,
}: {
  notBefore?: string | undefined
  notAfter?: string | undefined
}): boolean {
  if (notBefore === undefined || notAfter === undefined) return true
  return Date.parse(notBefore) < Date.parse(notAfter)
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
