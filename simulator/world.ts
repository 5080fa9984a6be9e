/** The issuers of the simulator, out of one seed, and what a verifier has to be told to believe them. */
import { type Authority, createAuthority, issueCertificate } from './certificate.ts'
import { encode } from './jose.ts'
import { createSeed, type Seed, type SigningKey } from './seed.ts'
import { JWT_VC, MDOC, type MdocVariant, SD_JWT, VARIANTS } from './variants.ts'

export const ISSUER_URL = 'https://issuer.simulator.example'
export const DEFAULT_SEED = 'identity-bridge simulator'
/** ISO/IEC 18013-5: purpose of a document signer. */
const SIGNS_MDOCS = '1.0.18013.5.1.2'
const DAY = 86_400_000
/** Fixed, so that an anchor that was configured once fits every later run. */
const ROOTS = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2046, 0, 1) }

export interface CertifiedIssuer {
  authority: Authority
  key: SigningKey
  /** DER, leaf first, without the root. */
  chain: readonly Uint8Array[]
}

export interface World {
  seed: Seed
  /** Seconds since the epoch. */
  now: number
  sdJwt: CertifiedIssuer
  mdoc: CertifiedIssuer
  /** A `did:jwk`. */
  did: { id: string; key: SigningKey }
  /** Issuers of the same names that nobody trusts. */
  strangers: { sdJwt: CertifiedIssuer; mdoc: CertifiedIssuer; did: { id: string; key: SigningKey } }
}

/** `now` in milliseconds. */
export function createWorld(seedText: string, now: number): World {
  const seed = createSeed(seedText)
  const strange = createSeed(`${seedText} stranger`)
  const issuersOf = (from: Seed) => ({
    sdJwt: certifiedIssuer(from, 'sd-jwt', now, { uris: [ISSUER_URL] }),
    mdoc: certifiedIssuer(from, 'mdoc', now, { purposes: [SIGNS_MDOCS] }),
    did: didIssuer(from),
  })
  return {
    ...{ seed, now: Math.floor(now / 1000) },
    ...issuersOf(seed),
    strangers: issuersOf(strange),
  }
}

/** A leaf of the issuer for another time, purpose or name. */
export function certifiedIssuer(
  seed: Seed,
  label: string,
  now: number,
  leaf: {
    uris?: readonly string[]
    purposes?: readonly string[]
    notBefore?: number
    notAfter?: number
    isAuthority?: boolean
    authority?: Pick<Authority, 'subject' | 'key'>
    /** Of the signer, where it is not its authority's. */
    country?: string
    /** The root comes along, which verifiers have already. */
    withRoot?: boolean
  },
): CertifiedIssuer {
  const country = 'NL'
  const name = { country, commonName: `Simulator ${label} root` }
  const authority = createAuthority(name, seed.key(`root ${label}`), ROOTS)
  const key = seed.key(`signer ${label}`)
  const today = Math.floor(now / DAY) * DAY
  const { authority: below = authority, country: own = country, withRoot, ...request } = leaf
  const certificate = issueCertificate(below, {
    ...{ subject: { country: own, commonName: `Simulator ${label} signer` }, key },
    ...{ notBefore: today - 10 * DAY, notAfter: today + 300 * DAY, ...request },
  })
  const root = withRoot === true ? [authority.certificate] : []
  return { authority, key, chain: [certificate, ...root] }
}

export function didIssuer(seed: Seed): { id: string; key: SigningKey } {
  const key = seed.key('did issuer')
  return { id: didJwkOf(key), key }
}

export function didJwkOf(key: SigningKey): string {
  return `did:jwk:${encode(key.jwk)}`
}

/** Policy documents for a tenant of identity-bridge that asks for and believes every variant; other verifiers take the anchors. */
export function documentsOf(world: World, formats: readonly string[] = [SD_JWT, MDOC, JWT_VC]) {
  const of = <Kind extends string>(format: Kind) =>
    VARIANTS.filter(
      (each): each is Extract<typeof each, { format: Kind }> => each.format === format,
    )
  const types = [...new Set(of(JWT_VC).map(({ type }) => type))]
  const wanted = ({ format }: { format: string }) => formats.includes(format)
  const query = queryOf(
    of(SD_JWT).map(({ vct }) => vct),
    of(MDOC),
    types,
    wanted,
  )
  return {
    attributes: { rules: rulesOf(query.credentials) },
    query,
    trust: {
      entries: [
        {
          ...{ id: 'sim-sd-jwt', format: SD_JWT, mechanism: 'x5c' },
          ...{ vct: of(SD_JWT).map(({ vct }) => vct), anchors: [world.sdJwt.authority.anchor] },
        },
        {
          ...{ id: 'sim-mdoc', format: MDOC, mechanism: 'x5c' },
          doctypes: of(MDOC).map(({ docType }) => docType),
          anchors: [world.mdoc.authority.anchor],
          deviceMac: 'accept',
        },
        { id: 'sim-vc', format: JWT_VC, mechanism: 'did', types, issuers: [world.did.id] },
      ].filter(wanted),
    },
  }
}

function queryOf(
  vcts: readonly string[],
  mdocs: readonly MdocVariant[],
  types: readonly string[],
  wanted: (credential: { format: string }) => boolean,
) {
  const credentials = [
    {
      ...{ id: 'sd-jwt', format: SD_JWT, meta: { vct_values: vcts } },
      claims: [{ path: ['given_name'] }, { path: ['family_name'] }],
    },
    ...mdocs.map(({ name, docType, namespace }) => ({
      ...{ id: name, format: MDOC, meta: { doctype_value: docType } },
      claims: [{ path: [namespace, 'given_name'] }, { path: [namespace, 'family_name'] }],
    })),
    {
      ...{ id: 'degree', format: JWT_VC, meta: { type_values: [types] } },
      claims: [{ path: ['credentialSubject', 'family_name'] }],
    },
  ].filter(wanted)
  return { credentials, credential_sets: [{ options: credentials.map(({ id }) => [id]) }] }
}

/** One attribute for each claim that is asked for: what no rule reads is not asked for. */
function rulesOf(
  queries: readonly { id: string; claims: readonly { path: readonly string[] }[] }[],
) {
  return queries.flatMap(({ id, claims }) =>
    claims.map(({ path }) => ({
      ...{ name: `${id}_${path.at(-1)}`.replaceAll('-', '_'), merge: 'WALLET_ONLY', wallet: path },
      ...{ persist: false, project: true, scope: 'profile' },
    })),
  )
}
