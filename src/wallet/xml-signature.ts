/**
 * Enveloped signatures over a whole XML document (XML Signature 1.1, XAdES baseline B). What is given back is read from the
 * very octets that were signed: of the document that came nothing else is ever looked at, so there is nothing to wrap.
 */
import { constants, createHash, verify } from 'node:crypto'
import { DOMParser } from '@xmldom/xmldom'
import { SignedXml } from 'xml-crypto'
import { type Certificate, sameOctets } from './certificate.ts'
import { checkXmlForm, XmlFormError } from './xml-form.ts'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const XADES = 'http://uri.etsi.org/01903/v1.3.2#'
const SIGNED_PROPERTIES = 'http://uri.etsi.org/01903#SignedProperties'
const ENVELOPED = `${DS}enveloped-signature`
const CANONICAL = [
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
]
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

/** Thrown by {@link openSignedXml}: what came is no such document, or is not signed as it must be. */
export class XmlSignatureError extends Error {
  readonly reason: 'malformed' | 'signature_invalid'
  constructor(reason: 'malformed' | 'signature_invalid', options?: ErrorOptions) {
    super(`xml refused: ${reason}`, options)
    this.name = 'XmlSignatureError'
    this.reason = reason
  }
}

/**
 * Returns the root element of a document that one of the certificates signed, parsed from the signed octets, without its
 * signature. `signers` are those to believe now. Throws {@link XmlSignatureError}.
 */
export function openSignedXml(text: string, signers: readonly Certificate[]): Element {
  const root = parseXml(text)
  const signature = onlySignature(root)
  const signer = pinnedSigner(signature, signers)
  const [document, properties] = signedOctets(text, signature, signer)
  checkProperties(parseXml(properties), signer)
  return parseXml(document)
}

/** Returns the root element of a text. Throws {@link XmlSignatureError}. */
export function parseXml(text: string): Element {
  try {
    checkXmlForm(text)
    const errorHandler = () => {
      throw new XmlFormError('not well-formed')
    }
    const { documentElement } = new DOMParser({ errorHandler }).parseFromString(text, 'text/xml')
    return documentElement ?? refuse('malformed')
  } catch (error) {
    if (error instanceof XmlFormError) return refuse('malformed', error)
    throw error
  }
}

/** Returns the child elements of that name. */
export function childrenOf(parent: Element, namespace: string, name: string): readonly Element[] {
  const found: Element[] = []
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
    const element = node as Element
    if (element.nodeType !== 1 || element.localName !== name) continue
    if (element.namespaceURI === namespace) found.push(element)
  }
  return found
}

/** One in the whole document, and that a child of its root. */
function onlySignature(root: Element): Element {
  const all = root.getElementsByTagNameNS(DS, 'Signature')
  const [own] = childrenOf(root, DS, 'Signature')
  return all.length === 1 && own !== undefined ? own : refuse('signature_invalid')
}

/** The certificate comes along and must be one of those pinned, octet for octet; others that come along mean nothing. */
function pinnedSigner(signature: Element, signers: readonly Certificate[]): Certificate {
  const data = only(only(signature, DS, 'KeyInfo'), DS, 'X509Data')
  const brought = childrenOf(data, DS, 'X509Certificate').map((one) => octetsIn(one))
  const found = signers.find(({ x509 }) => brought.some((der) => sameOctets(der, x509.raw)))
  return found ?? refuse('signature_invalid')
}

/** The whole document and the signed properties, as they were signed. */
function signedOctets(
  text: string,
  signature: Element,
  { x509, publicKey }: Certificate,
): readonly [document: string, properties: string] {
  const algorithm = checkSignedInfo(only(signature, DS, 'SignedInfo'), signature)
  const isFitting = publicKey.asymmetricKeyType === SIGNATURES[algorithm]?.key
  if (!isFitting) return refuse('signature_invalid')
  const signed = new SignedXml({ publicCert: x509.toString(), getCertFromKeyInfo: () => null })
  signed.SignatureAlgorithms = { [algorithm]: signatureAlgorithm(algorithm) }
  signed.HashAlgorithms = Object.fromEntries(
    Object.entries(DIGESTS).map(([name, digest]) => [name, hashAlgorithm(name, digest)]),
  )
  try {
    signed.loadSignature(signature)
    if (!signed.checkSignature(text)) return refuse('signature_invalid')
  } catch (error) {
    // The library throws errors of its own and of the parser's; each means that the signature was not found good.
    if (error instanceof XmlSignatureError) throw error
    return refuse('signature_invalid', error)
  }
  const [one, other, ...more] = signed.getSignedReferences()
  if (one === undefined || other === undefined || more.length > 0)
    return refuse('signature_invalid')
  return isFirst(signature) ? [one, other] : [other, one]
}

/** Whether the reference to the document stands before that to the properties. */
function isFirst(signature: Element): boolean {
  const [first] = childrenOf(only(signature, DS, 'SignedInfo'), DS, 'Reference')
  return first?.getAttribute('URI') === ''
}

/**
 * Two references and no more: the document less this signature, and this signature's own properties. Returns the signature
 * algorithm.
 */
function checkSignedInfo(info: Element, signature: Element): string {
  const canonical = algorithmOf(only(info, DS, 'CanonicalizationMethod'))
  if (!CANONICAL.includes(canonical)) refuse('signature_invalid')
  const references = childrenOf(info, DS, 'Reference')
  const whole = references.filter((one) => one.getAttribute('URI') === '')
  const own = references.filter((one) => one.getAttribute('Type') === SIGNED_PROPERTIES)
  if (references.length !== 2 || whole.length !== 1 || own.length !== 1) refuse('signature_invalid')
  for (const reference of references) {
    const isWhole = reference.getAttribute('URI') === ''
    const [first, ...others] = transformsOf(reference)
    const rest = isWhole ? others : [first ?? CANONICAL[0], ...others]
    if (isWhole && first !== ENVELOPED) refuse('signature_invalid')
    if (rest.length > 1 || rest.some((one) => !CANONICAL.includes(one ?? '')))
      refuse('signature_invalid')
    if (DIGESTS[algorithmOf(only(reference, DS, 'DigestMethod'))] === undefined)
      refuse('signature_invalid')
  }
  const id = propertiesOf(signature).getAttribute('Id')
  if (id === null || id === '' || own[0]?.getAttribute('URI') !== `#${id}`)
    refuse('signature_invalid')
  return algorithmOf(only(info, DS, 'SignatureMethod'))
}

function transformsOf(reference: Element): readonly string[] {
  const [transforms] = childrenOf(reference, DS, 'Transforms')
  return transforms === undefined ? [] : childrenOf(transforms, DS, 'Transform').map(algorithmOf)
}

function propertiesOf(signature: Element): Element {
  const objects = childrenOf(signature, DS, 'Object')
  const [qualifying, ...more] = objects.flatMap((one) =>
    childrenOf(one, XADES, 'QualifyingProperties'),
  )
  if (qualifying === undefined || more.length > 0) return refuse('signature_invalid')
  return only(qualifying, XADES, 'SignedProperties')
}

/** The signer's certificate is named under the signature (XAdES section 5.2.2), so that no other can take its place. */
function checkProperties(properties: Element, { x509 }: Certificate): void {
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

function only(parent: Element, namespace: string, name: string): Element {
  const [one, ...more] = childrenOf(parent, namespace, name)
  return one !== undefined && more.length === 0 ? one : refuse('signature_invalid')
}

function algorithmOf(element: Element): string {
  return element.getAttribute('Algorithm') ?? ''
}

function octetsIn(element: Element): Uint8Array {
  return Buffer.from(element.textContent ?? '', 'base64')
}

/** The library makes algorithms with `new`; a function that gives an object back is as good as a class. */
function hashAlgorithm(name: string, digest: string): SignedXml['HashAlgorithms'][string] {
  function make() {
    return {
      getAlgorithmName: () => name,
      getHash: (xml: string) => createHash(digest).update(xml, 'utf8').digest('base64'),
    }
  }
  return make as unknown as SignedXml['HashAlgorithms'][string]
}

/** ECDSA signatures are two numbers side by side (XML Signature 1.1 section 6.4.3). */
function signatureAlgorithm(name: string): SignedXml['SignatureAlgorithms'][string] {
  const { digest, pss } = SIGNATURES[name] ?? refuse('signature_invalid')
  function make() {
    return {
      getAlgorithmName: () => name,
      getSignature: () => refuse('signature_invalid'),
      verifySignature: (signed: string, key: string, value: string) =>
        verify(
          digest,
          Buffer.from(signed),
          {
            key,
            dsaEncoding: 'ieee-p1363',
            ...(pss
              ? {
                  padding: constants.RSA_PKCS1_PSS_PADDING,
                  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
                }
              : {}),
          },
          Buffer.from(value, 'base64'),
        ),
    }
  }
  return make as unknown as SignedXml['SignatureAlgorithms'][string]
}

function refuse(reason: XmlSignatureError['reason'], cause?: unknown): never {
  throw new XmlSignatureError(reason, { cause })
}
