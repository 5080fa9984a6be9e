/**
 * Which names an authority may certify (RFC 5280 section 4.2.1.10): subtrees of DNS names, URIs, mail addresses, IP
 * addresses and directory names. A form of name that is constrained and not understood refuses every certificate below
 * that has a name of that form.
 */
import { isIPv4, isIPv6 } from 'node:net'
import {
  DER,
  type DerElement,
  DerError,
  expectTag,
  readChildren,
  readDer,
  readObjectIdentifier,
} from './der.ts'

/** A GeneralName: its form as the context tag says (1 mail, 2 DNS, 4 directory, 6 URI, 7 IP), and its octets. */
export interface GeneralName {
  form: number
  content: Uint8Array
}

export interface NameConstraints {
  permitted: readonly GeneralName[]
  excluded: readonly GeneralName[]
}

const FORM = { mail: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const
/** The mail address that older certificates keep in their subject (RFC 5280 section 4.2.1.6). */
const MAIL_ATTRIBUTE = '1.2.840.113549.1.9.1'
const MOST_SUBTREES = 64

/** Returns the GeneralName of an element. */
export function readGeneralName(element: DerElement): GeneralName {
  if ((element.tag & 0xc0) !== 0x80) throw new DerError('not a general name')
  return { form: element.tag & 0x1f, content: element.content }
}

/** Returns the constraints of an extension's value. Throws {@link DerError}, also for distances (`minimum`, `maximum`). */
export function readNameConstraints(value: DerElement): NameConstraints {
  const parts = readChildren(expectTag(value, DER.sequence))
  const subtreesOf = (tag: number): readonly GeneralName[] => {
    const found = parts.filter((part) => part.tag === tag)
    if (found.length > 1) throw new DerError('name constraints')
    const subtrees = found.flatMap((part) => readChildren(part))
    if (found.length === 1 && subtrees.length === 0) throw new DerError('empty name constraints')
    if (subtrees.length > MOST_SUBTREES) throw new DerError('too many name constraints')
    return subtrees.map((subtree) => {
      const [base, ...distance] = readChildren(expectTag(subtree, DER.sequence))
      if (base === undefined || distance.length > 0) throw new DerError('name constraints')
      return readGeneralName(base)
    })
  }
  const known = parts.every((part) => part.tag === 0xa0 || part.tag === 0xa1)
  if (!known || parts.length === 0) throw new DerError('name constraints')
  return { permitted: subtreesOf(0xa0), excluded: subtreesOf(0xa1) }
}

/**
 * Returns whether the constraints let a certificate have its names: none is in an excluded subtree, and each of a form
 * that is permitted at all is in a permitted one. `subject` is the raw Name, looked at unless it is empty.
 */
export function permitsNames(
  constraints: NameConstraints,
  certificate: { subject: Uint8Array; names: readonly GeneralName[] },
): boolean {
  return namesOf(certificate).every((name) => {
    const bases = (list: readonly GeneralName[]) => list.filter((base) => base.form === name.form)
    const permitted = bases(constraints.permitted)
    const excluded = bases(constraints.excluded)
    if (excluded.some((base) => isWithin(name, base, true))) return false
    return permitted.length === 0 || permitted.some((base) => isWithin(name, base, false))
  })
}

/** The alternative names, the subject as a directory name, and mail addresses written into the subject. */
function namesOf(certificate: {
  subject: Uint8Array
  names: readonly GeneralName[]
}): readonly GeneralName[] {
  const attributes = readChildren(readDer(certificate.subject)).flatMap((rdn) => readChildren(rdn))
  if (attributes.length === 0) return certificate.names
  const mails = attributes.flatMap((attribute): GeneralName[] => {
    const [type, value] = readChildren(attribute)
    const isMail = type !== undefined && readObjectIdentifier(type) === MAIL_ATTRIBUTE
    return isMail && value !== undefined ? [{ form: FORM.mail, content: value.content }] : []
  })
  const subject = { form: FORM.directory, content: certificate.subject }
  return [...certificate.names, subject, ...mails]
}

/** Whether a name is in a subtree. Where it cannot be told, it is in an excluded one and in no permitted one. */
function isWithin(name: GeneralName, base: GeneralName, excluded: boolean): boolean {
  switch (name.form) {
    case FORM.dns:
      return isDnsWithin(textOf(name), textOf(base), excluded)
    case FORM.uri:
      return isHostWithin(hostOf(textOf(name)), textOf(base), excluded)
    case FORM.mail:
      return isMailWithin(textOf(name), textOf(base), excluded)
    case FORM.ip:
      return isAddressWithin(name.content, base.content, excluded)
    case FORM.directory:
      return isDirectoryWithin(name.content, base.content, excluded)
    default:
      return excluded
  }
}

function textOf({ content }: GeneralName): string {
  return Buffer.from(content).toString('latin1').toLowerCase()
}

/** A base covers itself and what is below it. A wildcard is in an excluded subtree if it may stand for a name there. */
function isDnsWithin(name: string, base: string, excluded: boolean): boolean {
  if (base === '') return true
  const bare = base.startsWith('.') ? base.slice(1) : base
  if (name.endsWith(`.${bare}`) || (name === bare && (excluded || bare === base))) return true
  return excluded && name.startsWith('*.') && `.${bare}`.endsWith(name.slice(1))
}

/** The host of a URI; undefined where there is none that is a name. */
function hostOf(uri: string): string | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([a-z0-9._-]+)(?::\d*)?(?:[/?#]|$)/.exec(
    uri,
  )?.[1]
  return host === undefined || isIPv4(host) || isIPv6(host) ? undefined : host
}

/** With a leading period: hosts below; without: that host. */
function isHostWithin(host: string | undefined, base: string, excluded: boolean): boolean {
  if (host === undefined) return excluded
  if (base === '') return true
  return base.startsWith('.') ? host.endsWith(base) : host === base
}

/** One mailbox, all of one host, or (with a leading period) all of the hosts below. */
function isMailWithin(mail: string, base: string, excluded: boolean): boolean {
  const at = mail.lastIndexOf('@')
  if (at < 0) return excluded
  return base.includes('@') ? mail === base : isHostWithin(mail.slice(at + 1), base, excluded)
}

/** The base is an address followed by its mask. */
function isAddressWithin(address: Uint8Array, base: Uint8Array, excluded: boolean): boolean {
  const size = base.length / 2
  if (size !== 4 && size !== 16) return excluded
  if (address.length !== size) return address.length !== 4 && address.length !== 16 && excluded
  return address.every((octet, at) => {
    const mask = base[size + at] ?? 0xff
    return (octet & mask) === ((base[at] ?? 0) & mask)
  })
}

/** The base's relative names are the first of the name's, compared as people read them (RFC 5280 section 7.1). */
function isDirectoryWithin(name: Uint8Array, base: Uint8Array, excluded: boolean): boolean {
  try {
    const own = relativeNames(name)
    return relativeNames(base).every((relative, at) => own[at] === relative)
  } catch (error) {
    if (error instanceof DerError) return excluded
    throw error
  }
}

function relativeNames(name: Uint8Array): readonly string[] {
  const outer = readDer(name)
  return readChildren(expectTag(outer, DER.sequence)).map((relative) => {
    const attributes = readChildren(relative).map((attribute) => {
      const [type, value] = readChildren(expectTag(attribute, DER.sequence))
      const oid = readObjectIdentifier(expectTag(type, DER.objectIdentifier))
      return `${oid}=${value === undefined ? '' : foldedValue(value)}`
    })
    return attributes.toSorted().join('\0')
  })
}

const UTF8_TAGS = [0x0c, 0x13, 0x16, 0x12]
const BMP_TAG = 0x1e

/** Letters without case, one space for many: UTF8, Printable, IA5, Numeric and BMP strings; any other as its octets. */
function foldedValue({ tag, content }: DerElement): string {
  const octets = Buffer.from(content)
  if (tag !== BMP_TAG && !UTF8_TAGS.includes(tag)) return `${tag}:${octets.toString('hex')}`
  if (tag === BMP_TAG && octets.length % 2 === 1) throw new DerError('BMP string')
  const text = tag === BMP_TAG ? octets.swap16().toString('utf16le') : octets.toString('utf8')
  return text.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')
}
