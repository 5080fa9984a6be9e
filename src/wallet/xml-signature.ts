/**
 * Enveloped signatures over a whole XML document (XML Signature 1.1, XAdES baseline B). A document is gone through three
 * times: for its signature, for its digest, and only then for what it says. All three hear the same reader, and the digest
 * is one of all that the last hears, so there is nothing to wrap; and no more of it is in memory than one branch.
 */
import { constants, createHash, verify } from 'node:crypto'
import { type Certificate, sameOctets } from './certificate.ts'
import {
  attributeOf,
  childrenOf,
  growBranches,
  PASSED_OVER,
  routeBranches,
  textInside,
  walkBranch,
  type XmlElement,
} from './xml-branch.ts'
import { type CanonicalMethod, EXCLUSIVE, INCLUSIVE, writeCanonical } from './xml-canonical.ts'
import { walkXml, XmlFormError, type XmlOpening, type XmlVisitor } from './xml-reader.ts'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const XADES = 'http://uri.etsi.org/01903/v1.3.2#'
/** Elements, attributes and namespaces: one is grown into a tree before anybody is known to have signed it. */
const LARGEST_SIGNATURE = 2_000
const SIGNED_PROPERTIES = 'http://uri.etsi.org/01903#SignedProperties'
const ENVELOPED = `${DS}enveloped-signature`
const DIGESTS: Readonly<Record<string, string>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
}
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
/** Algorithm identifiers with their digest and the kind of key they are for. */
const SIGNATURES: Readonly<Record<string, { digest: string; key: 'rsa' | 'ec'; pss?: true }>> = {
  [`${MORE}rsa-sha256`]: { digest: 'sha256', key: 'rsa' },
  [`${MORE}rsa-sha384`]: { digest: 'sha384', key: 'rsa' },
  [`${MORE}rsa-sha512`]: { digest: 'sha512', key: 'rsa' },
  [`${MORE}ecdsa-sha256`]: { digest: 'sha256', key: 'ec' },
  [`${MORE}ecdsa-sha384`]: { digest: 'sha384', key: 'ec' },
  [`${MORE}ecdsa-sha512`]: { digest: 'sha512', key: 'ec' },
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1': {
    digest: 'sha256',
    key: 'rsa',
    pss: true,
  },
  'http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1': {
    digest: 'sha384',
    key: 'rsa',
    pss: true,
  },
  'http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1': {
    digest: 'sha512',
    key: 'rsa',
    pss: true,
  },
}

/** Thrown by {@link readSignedXml}: what came is no such document, or is not signed as it must be. */
export class XmlSignatureError extends Error {
  readonly reason: 'malformed' | 'signature_invalid'
  constructor(reason: 'malformed' | 'signature_invalid', options?: ErrorOptions) {
    super(`xml refused: ${reason}`, options)
    this.name = 'XmlSignatureError'
    this.reason = reason
  }
}

/**
 * Tells a visitor what a document says that one of the certificates signed, less the signature, once it is known to be
 * right. `signers` are those to believe now. Throws {@link XmlSignatureError}.
 */
export async function readSignedXml(
  octets: Uint8Array,
  signers: readonly Certificate[],
  visitor: XmlVisitor,
): Promise<void> {
  try {
    const signature = await onlySignature(octets)
    const signer = pinnedSigner(signature, signers)
    const whole = checkSignature(signature, signer)
    if (!sameOctets(await digestOf(octets, whole), whole.digest)) refuse('signature_invalid')
    await walkXml(
      octets,
      routeBranches((one) => (isSignature(one) ? PASSED_OVER : undefined), visitor),
    )
  } catch (error) {
    if (error instanceof XmlFormError) refuse('malformed', error)
    throw error
  }
}

function isSignature({ namespace, local }: XmlOpening): boolean {
  return namespace === DS && local === 'Signature'
}

/** One in the whole document, and that a child of its root. */
async function onlySignature(octets: Uint8Array): Promise<XmlElement> {
  const found: XmlElement[] = []
  const grow = growBranches(LARGEST_SIGNATURE, (branch) => found.push(branch))
  const choose = (one: XmlOpening, around: readonly XmlOpening[]) => {
    if (!isSignature(one)) return undefined
    return around.length === 1 && found.length === 0 ? grow : refuse('signature_invalid')
  }
  await walkXml(octets, routeBranches(choose, PASSED_OVER))
  return found[0] ?? refuse('signature_invalid')
}

/** The certificate comes along and must be one of those pinned, octet for octet; others that come along mean nothing. */
function pinnedSigner(signature: XmlElement, signers: readonly Certificate[]): Certificate {
  const data = only(only(signature, DS, 'KeyInfo'), DS, 'X509Data')
  const brought = childrenOf(data, DS, 'X509Certificate').map((one) => octetsIn(one))
  const found = signers.find(({ x509 }) => brought.some((der) => sameOctets(der, x509.raw)))
  return found ?? refuse('signature_invalid')
}

/** What a reference says of the octets it is about. */
interface Reference {
  method: CanonicalMethod
  /** Of node:crypto. */
  algorithm: string
  digest: Uint8Array
}

/** What is signed of the document: its digest, and the id of the signed properties, which nothing else may have. */
interface WholeReference extends Reference {
  propertiesId: string
}

/** Returns what the signer says of the document. Nothing of the document but its signature is looked at here. */
function checkSignature(signature: XmlElement, signer: Certificate): WholeReference {
  const info = only(signature, DS, 'SignedInfo')
  const references = childrenOf(info, DS, 'Reference')
  const [whole, ...wholes] = references.filter((one) => attributeOf(one, 'URI') === '')
  const [own, ...owns] = references.filter((one) => attributeOf(one, 'Type') === SIGNED_PROPERTIES)
  if (references.length !== 2 || wholes.length > 0 || owns.length > 0) refuse('signature_invalid')
  if (whole === undefined || own === undefined || own === whole) return refuse('signature_invalid')
  checkSignatureValue(signature, info, signer)
  const properties = propertiesOf(signature)
  const propertiesId = attributeOf(properties, 'Id') ?? ''
  if (propertiesId === '' || attributeOf(own, 'URI') !== `#${propertiesId}`)
    refuse('signature_invalid')
  if (countIds(signature, propertiesId) !== 1) refuse('signature_invalid')
  const said = referenceOf(own, transformsOf(own))
  const digest = createHash(said.algorithm)
  walkBranch(
    properties,
    writeCanonical(said.method, (text) => digest.update(text)),
  )
  if (!sameOctets(digest.digest(), said.digest)) refuse('signature_invalid')
  checkProperties(properties, signer)
  const [first, ...transforms] = transformsOf(whole)
  if (first === undefined || algorithmOf(first) !== ENVELOPED) return refuse('signature_invalid')
  return { ...referenceOf(whole, transforms), propertiesId }
}

/** ECDSA signatures are two numbers side by side (XML Signature 1.1 section 6.4.3). */
function checkSignatureValue(
  signature: XmlElement,
  info: XmlElement,
  { publicKey }: Certificate,
): void {
  const algorithm = SIGNATURES[algorithmOf(only(info, DS, 'SignatureMethod'))]
  if (algorithm === undefined || publicKey.asymmetricKeyType !== algorithm.key)
    refuse('signature_invalid')
  const method = methodOf(only(info, DS, 'CanonicalizationMethod'))
  const pieces: string[] = []
  walkBranch(
    info,
    writeCanonical(method, (text) => pieces.push(text)),
  )
  const salted = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
  const key = {
    ...{ key: publicKey, dsaEncoding: 'ieee-p1363' as const },
    ...(algorithm.pss === true ? salted : {}),
  }
  const value = octetsIn(only(signature, DS, 'SignatureValue'))
  if (!verify(algorithm.digest, Buffer.from(pieces.join('')), key, value))
    refuse('signature_invalid')
}

/** What stands in no form when it comes to be digested gets the inclusive one (XML Signature 1.1 section 4.4.3.2). */
function referenceOf(reference: XmlElement, transforms: readonly XmlElement[]): Reference {
  const [last, ...more] = transforms
  const algorithm = DIGESTS[algorithmOf(only(reference, DS, 'DigestMethod'))]
  if (more.length > 0 || algorithm === undefined) return refuse('signature_invalid')
  return {
    method: last === undefined ? { algorithm: INCLUSIVE, always: [] } : methodOf(last),
    algorithm,
    digest: octetsIn(only(reference, DS, 'DigestValue')),
  }
}

function transformsOf(reference: XmlElement): readonly XmlElement[] {
  const [transforms] = childrenOf(reference, DS, 'Transforms')
  return transforms === undefined ? [] : childrenOf(transforms, DS, 'Transform')
}

function methodOf(element: XmlElement): CanonicalMethod {
  const algorithm = algorithmOf(element)
  if (algorithm === INCLUSIVE) return { algorithm, always: [] }
  if (algorithm !== EXCLUSIVE) return refuse('signature_invalid')
  const [listed] = childrenOf(element, EXCLUSIVE, 'InclusiveNamespaces')
  const prefixes = listed === undefined ? '' : (attributeOf(listed, 'PrefixList') ?? '')
  const always = prefixes.split(/\s+/).filter((one) => one !== '')
  return { algorithm, always: always.map((one) => (one === '#default' ? '' : one)) }
}

/** Of the canonical form of the document less its signature. */
async function digestOf(
  octets: Uint8Array,
  { method, algorithm, propertiesId }: WholeReference,
): Promise<Uint8Array> {
  const digest = createHash(algorithm)
  // Many small pieces cost the digest more than their octets do.
  let waiting = ''
  const canonical = writeCanonical(method, (text) => {
    waiting += text
    if (waiting.length < 16_384) return
    digest.update(waiting)
    waiting = ''
  })
  const choose = (one: XmlOpening) => {
    if (isSignature(one)) return PASSED_OVER
    return hasId(one, propertiesId) ? refuse('signature_invalid') : undefined
  }
  await walkXml(octets, routeBranches(choose, canonical))
  return digest.update(waiting).digest()
}

function hasId(element: XmlOpening, id: string): boolean {
  return element.attributes.some(({ local, value }) => value === id && local.toLowerCase() === 'id')
}

function countIds(branch: XmlElement, id: string): number {
  let count = 0
  const open = (one: XmlOpening) => {
    if (hasId(one, id)) count += 1
  }
  walkBranch(branch, { ...PASSED_OVER, open })
  return count
}

function propertiesOf(signature: XmlElement): XmlElement {
  const objects = childrenOf(signature, DS, 'Object')
  const [qualifying, ...more] = objects.flatMap((one) =>
    childrenOf(one, XADES, 'QualifyingProperties'),
  )
  if (qualifying === undefined || more.length > 0) return refuse('signature_invalid')
  return only(qualifying, XADES, 'SignedProperties')
}

/** The signer's certificate is named under the signature (XAdES section 5.2.2), so that no other can take its place. */
function checkProperties(properties: XmlElement, { x509 }: Certificate): void {
  const said = only(properties, XADES, 'SignedSignatureProperties')
  const named = ['SigningCertificateV2', 'SigningCertificate'].flatMap((name) =>
    childrenOf(said, XADES, name).flatMap((one) => childrenOf(one, XADES, 'Cert')),
  )
  const [first] = named
  if (first === undefined) refuse('signature_invalid')
  const digest = only(first, XADES, 'CertDigest')
  const algorithm = DIGESTS[algorithmOf(only(digest, DS, 'DigestMethod'))]
  if (algorithm === undefined) refuse('signature_invalid')
  const own = createHash(algorithm).update(x509.raw).digest()
  if (!sameOctets(octetsIn(only(digest, DS, 'DigestValue')), own)) refuse('signature_invalid')
}

function only(parent: XmlElement, namespace: string, name: string): XmlElement {
  const [one, ...more] = childrenOf(parent, namespace, name)
  return one !== undefined && more.length === 0 ? one : refuse('signature_invalid')
}

function algorithmOf(element: XmlElement): string {
  return attributeOf(element, 'Algorithm') ?? ''
}

function octetsIn(element: XmlElement): Uint8Array {
  return Buffer.from(textInside(element), 'base64')
}

function refuse(reason: XmlSignatureError['reason'], cause?: unknown): never {
  throw new XmlSignatureError(reason, { cause })
}
