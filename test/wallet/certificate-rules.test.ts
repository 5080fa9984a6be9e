/**
 * Rules of RFC 5280 that say what an authority may certify, and under which policies. (The paths of NIST's PKITS use RSA
 * keys of 2048 bits, which TR-14 refuses, so each rule has a path of its own here.)
 */
import { describe, expect, it } from 'vitest'
import * as der from '../../src/crypto/der.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import {
  createAnchorSet,
  createChainCache,
  verifyChain,
} from '../../src/wallet/certificate-path.ts'
import { base64, extension, type Odd, OID, writeAnchor, writeOdd } from './certificates.ts'
import { DAY, NOW, newKey, refusalOf } from './world.ts'

const POLICIES = '2.5.29.32'
const ANY_POLICY = '2.5.29.32.0'
const GOLD = '1.2.3.1'
const SILVER = '1.2.3.2'

const dns = (text: string) => der.tagged(2, false, Buffer.from(text))
const uri = (text: string) => der.tagged(6, false, Buffer.from(text))
const mail = (text: string) => der.tagged(1, false, Buffer.from(text))
const ip = (...octets: number[]) => der.tagged(7, false, Uint8Array.from(octets))
const attribute = (oid: string, value: Uint8Array) =>
  der.set(der.sequence(der.objectIdentifier(oid), value))
const commonName = (text: string, write = der.utf8String) => attribute('2.5.4.3', write(text))
const directory = (...names: Uint8Array[]) => der.tagged(4, true, der.sequence(...names))

type Names = readonly Uint8Array[]
const subtrees = (tag: number, names: Names) =>
  names.length === 0 ? [] : [der.tagged(tag, true, ...names.map((name) => der.sequence(name)))]

function constraints(permitted: Names, excluded: Names): Uint8Array {
  const value = der.sequence(...subtrees(0, permitted), ...subtrees(1, excluded))
  return extension(OID.nameConstraints, true, value)
}
const alternatives = (...names: Uint8Array[]) =>
  extension(OID.subjectAltName, false, der.sequence(...names))

function verify(chain: readonly Odd[], anchors: readonly Odd[]) {
  const set = createAnchorSet(anchors.map((one) => one.der))
  if (set === undefined) throw new Error('unusable anchor')
  return verifyChain(base64(...chain), set, NOW, createChainCache())
}

const anchor = writeAnchor()

async function isAllowed(permitted: Names, excluded: Names, leaf: Names): Promise<boolean> {
  const extensions = [constraints(permitted, excluded)]
  const between = writeOdd({ name: 'Between', issuer: anchor, ca: {}, extensions })
  const below = writeOdd({
    issuer: between,
    extensions: leaf.length ? [alternatives(...leaf)] : [],
  })
  const direct = writeAnchor({ extensions })
  const ofAnchor = writeOdd({
    issuer: direct,
    extensions: leaf.length ? [alternatives(...leaf)] : [],
  })
  const throughAnchor = verify([ofAnchor], [direct]) !== undefined
  try {
    const through = verify([below, between], [anchor]) !== undefined
    expect(throughAnchor).toBe(through)
    return through
  } catch {
    expect(throughAnchor).toBe(false)
    expect(await refusalOf(() => verify([below, between], [anchor]))).toBe('certificate_invalid')
    return false
  }
}

describe('name constraints (RFC 5280 section 4.2.1.10)', () => {
  const allowed: [string, Names, Names, Names][] = [
    ['a host below', [dns('example.org')], [], [dns('a.example.org')]],
    ['the host itself', [dns('example.org')], [], [dns('EXAMPLE.org')]],
    ['one of two', [dns('example.net'), dns('example.org')], [], [dns('a.example.org')]],
    [
      'beside what is excluded',
      [dns('example.org')],
      [dns('b.example.org')],
      [dns('a.example.org')],
    ],
    ['another form', [dns('example.org')], [], [uri('https://other.example/x')]],
    ['no names at all', [dns('example.org')], [], []],
    [
      'an address of the host',
      [uri('issuer.example')],
      [],
      [uri('https://issuer.example:8443/pid')],
    ],
    ['an address below', [uri('.example')], [], [uri('https://issuer.example/pid')]],
    ['a mailbox of the host', [mail('example.org')], [], [mail('a@example.org')]],
    ['that mailbox', [mail('a@example.org')], [], [mail('a@example.org')]],
    ['an address of the net', [ip(10, 1, 0, 0, 255, 255, 0, 0)], [], [ip(10, 1, 2, 3)]],
    ['the subject in other letters', [directory(commonName('LEAF', der.printableString))], [], []],
  ]
  it.each(allowed)('TR-10 %s is let through', async (_, permitted, excluded, leaf) => {
    expect(await isAllowed(permitted, excluded, leaf)).toBe(true)
  })

  const refused: [string, Names, Names, Names][] = [
    ['a host of another domain', [dns('example.org')], [], [dns('example.net')]],
    ['a host that only ends alike', [dns('example.org')], [], [dns('badexample.org')]],
    ['one bad name of two', [dns('example.org')], [], [dns('a.example.org'), dns('b.example')]],
    ['the host where only those below are meant', [dns('.example.org')], [], [dns('example.org')]],
    ['an excluded host', [], [dns('example.org')], [dns('a.example.org')]],
    ['a wildcard that may be an excluded host', [], [dns('a.example.org')], [dns('*.example.org')]],
    [
      'excluded within permitted',
      [dns('example.org')],
      [dns('b.example.org')],
      [dns('x.b.example.org')],
    ],
    ['an address of another host', [uri('issuer.example')], [], [uri('https://x.issuer.example/')]],
    [
      'an address that hides its host',
      [uri('issuer.example')],
      [],
      [uri('https://issuer.example@evil.example/')],
    ],
    ['an address without a host', [uri('issuer.example')], [], [uri('urn:issuer.example')]],
    ['an address whose host is a number', [], [uri('.example')], [uri('https://10.0.0.1/')]],
    ['a mailbox elsewhere', [mail('example.org')], [], [mail('a@example.net')]],
    ['a mailbox of a host below', [mail('example.org')], [], [mail('a@b.example.org')]],
    ['an excluded mailbox', [], [mail('a@example.org')], [mail('a@example.org')]],
    ['an address of another net', [ip(10, 1, 0, 0, 255, 255, 0, 0)], [], [ip(10, 2, 0, 0)]],
    ['an excluded subject, in other letters', [], [directory(commonName(' lEAF '))], []],
    ['another subject', [directory(commonName('Another'))], [], []],
    [
      'a form that nobody understands',
      [der.tagged(0, true, der.objectIdentifier('1.2.3'))],
      [],
      [der.tagged(0, true, der.objectIdentifier('1.2.3'))],
    ],
  ]
  it.each(refused)('TR-10 %s is refused', async (_, permitted, excluded, leaf) => {
    expect(await isAllowed(permitted, excluded, leaf)).toBe(false)
  })

  it('TR-10 constraints reach through an authority in between', async () => {
    const top = writeOdd({
      name: 'Top',
      issuer: anchor,
      ca: {},
      extensions: [constraints([dns('example.org')], [])],
    })
    const middle = writeOdd({ name: 'Middle', issuer: top, ca: {} })
    const chainFor = (host: string) => [
      writeOdd({ issuer: middle, extensions: [alternatives(dns(host))] }),
      middle,
      top,
    ]
    expect(verify(chainFor('a.example.org'), [anchor])).toBeDefined()
    expect(await refusalOf(() => verify(chainFor('a.example.net'), [anchor]))).toBe(
      'certificate_invalid',
    )
  })

  it.each([
    ['empty', der.sequence()],
    [
      'with a distance',
      der.sequence(
        der.tagged(0, true, der.sequence(dns('a.b'), der.tagged(0, false, Uint8Array.of(1)))),
      ),
    ],
    ['without a base', der.sequence(der.tagged(0, true, der.sequence()))],
    ['of an unknown kind', der.sequence(der.tagged(2, true, der.sequence(dns('a.b'))))],
  ])('TR-10 a certificate with constraints %s is none', (_, value) => {
    const odd = writeOdd({ ca: {}, extensions: [extension(OID.nameConstraints, true, value)] })
    expect(readCertificate(odd.der)).toBeUndefined()
  })
})

describe('certificate policies (RFC 5280 section 6.1.3 d)', () => {
  const under = (...oids: string[]) =>
    extension(
      POLICIES,
      true,
      der.sequence(...oids.map((oid) => der.sequence(der.objectIdentifier(oid)))),
    )

  function policiesOf(leaf: readonly string[], authority: readonly string[]) {
    const extensionsOf = (oids: readonly string[]) => (oids.length === 0 ? [] : [under(...oids)])
    const between = writeOdd({
      name: 'Between',
      issuer: anchor,
      ca: {},
      extensions: extensionsOf(authority),
    })
    const below = writeOdd({ issuer: between, extensions: extensionsOf(leaf) })
    return [...(verify([below, between], [anchor])?.policies ?? [])]
  }

  it.each([
    ['both name', [GOLD, SILVER], [SILVER], [SILVER]],
    ['an authority for any stands for', [GOLD], [ANY_POLICY], [GOLD]],
    ['an authority that names none stands for none', [GOLD], [], []],
    ['a leaf for any has none', [ANY_POLICY], [GOLD], []],
    ['they do not share', [GOLD], [SILVER], []],
  ])('TR-10 policies that %s', (_, leaf, authority, expected) => {
    expect(policiesOf(leaf, authority)).toEqual(expected)
  })

  it('TR-10 mappings that must be followed end the path', async () => {
    const mapped = extension('2.5.29.33', true, der.sequence())
    const between = writeOdd({ name: 'Between', issuer: anchor, ca: {}, extensions: [mapped] })
    const leaf = writeOdd({ issuer: between })
    expect(await refusalOf(() => verify([leaf, between], [anchor]))).toBe('certificate_invalid')
  })

  it('TR-10 qualifiers that must be understood end the path', () => {
    const qualifiers = der.sequence(der.sequence())
    const information = der.sequence(der.objectIdentifier(GOLD), qualifiers)
    const made = (critical: boolean) =>
      writeOdd({ extensions: [extension(POLICIES, critical, der.sequence(information))] })
    expect(readCertificate(made(false).der)?.policies).toEqual([GOLD])
    expect(readCertificate(made(true).der)).toBeUndefined()
  })
})

describe('anchors with a time of their own', () => {
  const leaf = base64(writeOdd({ issuer: anchor }))
  const at = (notBefore?: number, notAfter?: number) => {
    const set = createAnchorSet([{ der: anchor.der, notBefore, notAfter }])
    if (set === undefined) throw new Error('unusable anchor')
    return verifyChain(leaf, set, NOW, createChainCache())
  }

  it('TR-16 count within it', () => {
    expect(at(NOW - 1, NOW + 1)).toMatchObject({ notBefore: NOW - 1, notAfter: NOW + 1 })
    expect(at(NOW - 9 * DAY, NOW + 9 * DAY)?.notAfter).toBe(NOW + DAY)
  })

  it('TR-16 and vouch for nobody outside it', () => {
    expect(at(NOW + 1)).toBeUndefined()
    expect(at(undefined, NOW - 1)).toBeUndefined()
  })

  it('TR-16 another time is another set, also for chains that are kept', () => {
    const cache = createChainCache()
    const wide = createAnchorSet([{ der: anchor.der }])
    const narrow = createAnchorSet([{ der: anchor.der, notAfter: NOW - 1 }])
    if (wide === undefined || narrow === undefined) throw new Error('unusable anchor')
    expect(verifyChain(leaf, wide, NOW, cache)).toBeDefined()
    expect(verifyChain(leaf, narrow, NOW, cache)).toBeUndefined()
  })

  it('TR-10 a key of another authority under the same name is no issuer', () => {
    expect(
      verify([writeOdd({ issuer: { name: 'Anchor', key: newKey() } })], [anchor]),
    ).toBeUndefined()
  })
})
