/**
 * The extensions of a certificate (RFC 5280 section 4.2) as the path rules and the questions about revocation want to
 * see them.
 */
import {
  DER,
  type DerElement,
  DerError,
  expectTag,
  readBoolean,
  readChildren,
  readDer,
  readNamedBits,
  readObjectIdentifier,
  readSmallInteger,
} from './der.ts'
import {
  type GeneralName,
  type NameConstraints,
  readGeneralName,
  readNameConstraints,
} from './name-constraints.ts'

const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInformation: '1.3.6.1.5.5.7.1.1',
  /** Who answers about revocation is not asked about itself (RFC 6960 section 4.2.2.2.1). */
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
} as const

/** What is understood below; any other extension that calls itself critical ends the path (RFC 5280 section 4.2). */
const UNDERSTOOD_WHEN_CRITICAL: ReadonlySet<string> = new Set([
  EXTENSION.keyUsage,
  EXTENSION.subjectAltName,
  EXTENSION.basicConstraints,
  EXTENSION.nameConstraints,
  EXTENSION.crlDistributionPoints,
  EXTENSION.certificatePolicies,
  EXTENSION.extendedKeyUsage,
])
const READ: ReadonlySet<string> = new Set(Object.values(EXTENSION))
const OCSP = '1.3.6.1.5.5.7.48.1'
/** Addresses of one kind that are looked at. */
const MOST_ADDRESSES = 4

export interface Extensions {
  isCa: boolean
  /** How many further CA certificates may stand below this one; undefined where unlimited. */
  pathLength: number | undefined
  /** Undefined where the extension is absent. */
  keyUsage: ReadonlySet<number> | undefined
  extendedKeyUsage: readonly string[] | undefined
  /** Every alternative name; those of the two forms that name issuers are text beside it. */
  names: readonly GeneralName[]
  dnsNames: readonly string[]
  uris: readonly string[]
  /** Base64url of the KeyIdentifier inside the AuthorityKeyIdentifier extension. */
  authorityKeyId: string | undefined
  nameConstraints: NameConstraints | undefined
  /** Object identifiers of the policies it was issued under. */
  policies: readonly string[]
  /** It asks that the whole path be issued under a policy (RFC 5280 section 4.2.1.11). */
  demandsPolicy: boolean
  /**
   * Where revocation lists lie that cover every reason and are signed by the issuer itself; undefined where the
   * certificate names no place, empty where it names none that can be used.
   */
  crlUris: readonly string[] | undefined
  ocspUris: readonly string[]
  ocspNoCheck: boolean
}

/**
 * Returns what the extensions say. `field` is the `extensions [3]` of a certificate, undefined where it has none. Throws
 * {@link DerError} for an extension that occurs twice, is malformed, or is critical and not understood.
 */
export function readExtensions(field: DerElement | undefined): Extensions {
  const values = listExtensions(field, UNDERSTOOD_WHEN_CRITICAL, READ)
  const read = <T>(name: string, reader: (value: DerElement) => T): T | undefined => {
    const found = values.get(name)
    return found === undefined ? undefined : reader(found.value)
  }
  const names = read(EXTENSION.subjectAltName, (value) =>
    readChildren(expectTag(value, DER.sequence)).map(readGeneralName),
  )
  const policies = values.get(EXTENSION.certificatePolicies)
  // It must be critical, where it ends the path; nobody gets past it by leaving that out.
  if (values.has(EXTENSION.inhibitAnyPolicy)) throw new DerError('any policy is inhibited')
  return {
    ...readBasicConstraints(values.get(EXTENSION.basicConstraints)?.value),
    keyUsage: read(EXTENSION.keyUsage, readNamedBits),
    extendedKeyUsage: read(EXTENSION.extendedKeyUsage, (value) =>
      readChildren(expectTag(value, DER.sequence)).map(readObjectIdentifier),
    ),
    names: names ?? [],
    dnsNames: (names ?? []).filter(({ form }) => form === 2).map(asciiOf),
    uris: (names ?? []).filter(({ form }) => form === 6).map(asciiOf),
    authorityKeyId: read(EXTENSION.authorityKeyId, readAuthorityKeyId),
    nameConstraints: read(EXTENSION.nameConstraints, readNameConstraints),
    policies: policies === undefined ? [] : readPolicies(policies),
    demandsPolicy: read(EXTENSION.policyConstraints, demandsPolicy) ?? false,
    crlUris: read(EXTENSION.crlDistributionPoints, readDistributionPoints),
    ocspUris: read(EXTENSION.authorityInformation, readResponders) ?? [],
    ocspNoCheck: values.has(EXTENSION.ocspNoCheck),
  }
}

export interface Extension {
  isCritical: boolean
  value: DerElement
}

/**
 * Returns the extensions of a certificate, a list or an answer, those in `read` with their value parsed. Throws
 * {@link DerError} for one that occurs twice, or is critical and not in `understood`.
 */
export function listExtensions(
  field: DerElement | undefined,
  understood: ReadonlySet<string>,
  read: ReadonlySet<string>,
): ReadonlyMap<string, Extension> {
  const values = new Map<string, Extension>()
  const listed =
    field === undefined ? [] : readChildren(expectTag(readDer(field.content), DER.sequence))
  for (const extension of listed) {
    const [id, ...rest] = readChildren(expectTag(extension, DER.sequence))
    const name = readObjectIdentifier(expectTag(id, DER.objectIdentifier))
    const octets = expectTag(rest.at(-1), DER.octetString)
    const flag = rest.length === 2 ? rest[0] : undefined
    if (rest.length > 2 || values.has(name)) throw new DerError('extension')
    const isCritical = flag !== undefined && readBoolean(flag)
    if (isCritical && !understood.has(name)) throw new DerError('unknown critical extension')
    values.set(name, { isCritical, value: read.has(name) ? readDer(octets.content) : octets })
  }
  return values
}

/** RFC 5280 section 4.2.1.9. A path length without the CA flag makes no sense and is refused. */
function readBasicConstraints(
  value: DerElement | undefined,
): Pick<Extensions, 'isCa' | 'pathLength'> {
  const [first, second, third] =
    value === undefined ? [] : readChildren(expectTag(value, DER.sequence))
  if (first === undefined) return { isCa: false, pathLength: undefined }
  if (!readBoolean(first) || third !== undefined) throw new DerError('basic constraints')
  return { isCa: true, pathLength: second === undefined ? undefined : readSmallInteger(second) }
}

/** The octets of `keyIdentifier [0]`, not of the extension around them (VP-060). */
function readAuthorityKeyId(value: DerElement): string | undefined {
  const id = readChildren(expectTag(value, DER.sequence)).find((part) => part.tag === 0x80)
  return id === undefined ? undefined : Buffer.from(id.content).toString('base64url')
}

/** Qualifiers are not evaluated; where the extension is critical they had to be (RFC 5280 section 4.2.1.4). */
function readPolicies({ isCritical, value }: Extension): readonly string[] {
  return readChildren(expectTag(value, DER.sequence)).map((information) => {
    const [id, ...qualifiers] = readChildren(expectTag(information, DER.sequence))
    if (isCritical && qualifiers.length > 0) throw new DerError('policy qualifiers')
    return readObjectIdentifier(expectTag(id, DER.objectIdentifier))
  })
}

/** After how many certificates does not matter: asking for it sooner refuses more. No policy is ever mapped onto another. */
function demandsPolicy(value: DerElement): boolean {
  return readChildren(expectTag(value, DER.sequence)).some(({ tag }) => tag === 0x80)
}

/** A point for some reasons only, or of another issuer (an indirect list), is none for us. */
function readDistributionPoints(value: DerElement): readonly string[] {
  const points = readChildren(expectTag(value, DER.sequence))
  return points.flatMap((point) => readPointNames(point)).slice(0, MOST_ADDRESSES)
}

function readPointNames(point: DerElement): readonly string[] {
  const [name, ...rest] = readChildren(expectTag(point, DER.sequence))
  if (name?.tag !== 0xa0 || rest.length > 0) return []
  return readFullName(readDer(name.content))
}

/** Returns the http(s) addresses of a DistributionPointName (RFC 5280 section 4.2.1.13). */
export function readFullName(name: DerElement): readonly string[] {
  return name.tag === 0xa0 ? readChildren(name).flatMap(webAddressOf) : []
}

function readResponders(value: DerElement): readonly string[] {
  const found = readChildren(expectTag(value, DER.sequence)).flatMap((description) => {
    const [method, place] = readChildren(expectTag(description, DER.sequence))
    if (method === undefined || place === undefined) throw new DerError('authority information')
    return readObjectIdentifier(method) === OCSP ? webAddressOf(place) : []
  })
  return found.slice(0, MOST_ADDRESSES)
}

function webAddressOf(element: DerElement): readonly string[] {
  const { form, content } = readGeneralName(element)
  if (form !== 6) return []
  const text = asciiOf({ content })
  return /^https?:\/\//i.test(text) ? [text] : []
}

function asciiOf({ content }: { content: Uint8Array }): string {
  if (content.some((octet) => octet < 0x20 || octet > 0x7e)) throw new DerError('name')
  return Buffer.from(content).toString('latin1')
}
