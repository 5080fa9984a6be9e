import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createCertificateAuthority, issueCertificate } from '../../src/crypto/certificate.ts'
import * as der from '../../src/crypto/der.ts'

const NOT_BEFORE = Date.UTC(2026, 0, 1)
const NOT_AFTER = Date.UTC(2027, 0, 1, 12, 30, 15)
const VALIDITY = { notBefore: NOT_BEFORE, notAfter: NOT_AFTER }
const root = createCertificateAuthority({
  subject: { country: 'NL', organization: 'Example Université', commonName: 'Example Root' },
  pathLength: 1,
  ...VALIDITY,
})
const issuing = createCertificateAuthority({
  subject: { country: 'NL', commonName: 'Example Issuing' },
  pathLength: 0,
  issuer: root,
  ...VALIDITY,
})
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const leafBytes = issueCertificate(issuing, {
  subject: {
    organization: 'Example',
    organizationIdentifier: 'NTRNL-12345678',
    commonName: 'verifier.example',
  },
  publicKey,
  dnsNames: ['verifier.example', 'bridge.example'],
  uris: ['https://verifier.example/t/one'],
  extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.0.18013.5.1.6'],
  ...VALIDITY,
})

const [rootCertificate, issuingCertificate, leaf] = [
  root.certificate,
  issuing.certificate,
  leafBytes,
].map((bytes) => new X509Certificate(bytes)) as [X509Certificate, X509Certificate, X509Certificate]
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('VP our own certificates', () => {
  test('TR-10 the chain is signed from root to leaf, and the leaf is not self-signed', () => {
    expect(rootCertificate.verify(rootCertificate.publicKey)).toBe(true)
    expect(issuingCertificate.verify(rootCertificate.publicKey)).toBe(true)
    expect(leaf.verify(issuingCertificate.publicKey)).toBe(true)
    expect(leaf.verify(leaf.publicKey)).toBe(false)
    expect(issuingCertificate.checkIssued(rootCertificate)).toBe(true)
    expect(leaf.checkIssued(issuingCertificate)).toBe(true)
    expect(leaf.checkIssued(rootCertificate)).toBe(false)
  })

  test('TR-10 authorities are authorities, the leaf is none', () => {
    expect([rootCertificate.ca, issuingCertificate.ca, leaf.ca]).toEqual([true, true, false])
  })

  test('TR-10 names, alternative names, purposes, dates and key are those asked for', () => {
    expect(rootCertificate.subject).toBe('C=NL\nO=Example Université\nCN=Example Root')
    expect(leaf.issuer).toBe(issuingCertificate.subject)
    expect(leaf.subject).toBe(
      'O=Example\norganizationIdentifier=NTRNL-12345678\nCN=verifier.example',
    )
    expect(leaf.subjectAltName).toBe(
      'DNS:verifier.example, DNS:bridge.example, URI:https://verifier.example/t/one',
    )
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.0.18013.5.1.6'])
    expect(leaf.validFromDate.getTime()).toBe(NOT_BEFORE)
    expect(leaf.validToDate.getTime()).toBe(NOT_AFTER)
    expect(leaf.publicKey.equals(publicKey)).toBe(true)
    expect(leaf.signatureAlgorithm).toBe('ecdsa-with-SHA256')
  })

  test('TR-10 path lengths and key usages stand in the bytes, marked critical', () => {
    // OID, TRUE, then the value: basicConstraints with cA and pathLen; keyUsage keyCertSign and cRLSign, or digitalSignature.
    expect(hex(root.certificate)).toContain('0603551d130101ff040830060101ff020101')
    expect(hex(issuing.certificate)).toContain('0603551d130101ff040830060101ff020100')
    expect(hex(leafBytes)).toContain('0603551d130101ff04023000')
    expect(hex(root.certificate)).toContain('0603551d0f0101ff040403020106')
    expect(hex(leafBytes)).toContain('0603551d0f0101ff040403020780')
  })

  test('TR-10 serial numbers are positive, long and different', () => {
    const serials = Array.from({ length: 50 }, () => {
      const bytes = issueCertificate(issuing, {
        subject: { commonName: 'x' },
        publicKey,
        ...VALIDITY,
      })
      return new X509Certificate(bytes).serialNumber
    })
    expect(new Set(serials).size).toBe(50)
    expect(serials.every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toBe(true)
  })

  test('TR-10 an authority can issue again from what was stored of it', () => {
    const stored = { subject: issuing.subject, privateKey: issuing.privateKey }
    const bytes = issueCertificate(stored, {
      subject: { commonName: 'later' },
      publicKey,
      ...VALIDITY,
    })
    expect(new X509Certificate(bytes).checkIssued(issuingCertificate)).toBe(true)
  })

  test('TR-10 a further extension is carried with its mark', () => {
    const bytes = issueCertificate(issuing, {
      subject: { commonName: 'x' },
      publicKey,
      extensions: [{ oid: '1.2.3.4', critical: true, value: der.octetString(Uint8Array.of(1)) }],
      ...VALIDITY,
    })
    expect(hex(bytes)).toContain('06032a03040101ff0403040101')
  })

  test('TR-14 a P-384 key can be certified, but does not issue', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const bytes = issueCertificate(issuing, {
      subject: { commonName: 'x' },
      publicKey: pair.publicKey,
      ...VALIDITY,
    })
    expect(new X509Certificate(bytes).publicKey.equals(pair.publicKey)).toBe(true)
    const request = { subject: { commonName: 'x' }, privateKey: pair.privateKey, ...VALIDITY }
    expect(() => createCertificateAuthority(request)).toThrow(TypeError)
  })

  test('TR-10 dates from 2050 on are written as RFC 5280 asks', () => {
    const bytes = issueCertificate(issuing, {
      subject: { commonName: 'x' },
      publicKey,
      notBefore: Date.UTC(2049, 11, 31, 23, 59, 59),
      notAfter: Date.UTC(2050, 0, 1),
    })
    const { validFromDate, validToDate } = new X509Certificate(bytes)
    expect([validFromDate.getTime(), validToDate.getTime()]).toEqual([
      Date.UTC(2049, 11, 31, 23, 59, 59),
      Date.UTC(2050, 0, 1),
    ])
    expect(hex(bytes)).toContain(`170d${Buffer.from('491231235959Z').toString('hex')}`)
    expect(hex(bytes)).toContain(`180f${Buffer.from('20500101000000Z').toString('hex')}`)
  })

  test.each([
    ['an end before the beginning', { notAfter: NOT_BEFORE - 1 }],
    ['a country of three letters', { subject: { country: 'NLD', commonName: 'x' } }],
    ['an empty name', { subject: { commonName: '' } }],
    ['a name of 65 characters', { subject: { commonName: 'x'.repeat(65) } }],
    ['a DNS name with a line break', { dnsNames: ['a.example\nb.example'] }],
    ['a DNS name beyond ASCII', { dnsNames: ['université.example'] }],
    ['a purpose that is no OID', { extendedKeyUsage: ['serverAuth'] }],
  ])('TR-10 %s is a programmer’s mistake', (_name, change) => {
    const request = { subject: { commonName: 'x' }, publicKey, ...VALIDITY, ...change }
    expect(() => issueCertificate(issuing, request)).toThrow(TypeError)
  })
})

describe('DER', () => {
  test.each<[string, Uint8Array, string]>([
    ['zero', der.integer(Uint8Array.of(0)), '020100'],
    ['127', der.integer(Uint8Array.of(0x7f)), '02017f'],
    ['128 with a sign byte', der.integer(Uint8Array.of(0x80)), '02020080'],
    ['1 without leading zeros', der.integer(Uint8Array.of(0, 0, 1)), '020101'],
    ['an OID with long arcs', der.objectIdentifier('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['an OID below 2', der.objectIdentifier('2.999.3'), '0603883703'],
    ['a length of 127', der.octetString(new Uint8Array(127)), `047f${'00'.repeat(127)}`],
    ['a length of 128', der.octetString(new Uint8Array(128)), `048180${'00'.repeat(128)}`],
    ['a length of 256', der.octetString(new Uint8Array(256)), `04820100${'00'.repeat(256)}`],
    ['a context tag', der.tagged(3, true, der.sequence()), 'a3023000'],
  ])('X.690 %s', (_name, bytes, expected) => {
    expect(hex(bytes)).toBe(expected)
  })

  test.each(['', '1', '3.1', '1.2.', '1.02', '1.2.a'])('X.690 %j is no OID', (text) => {
    expect(() => der.objectIdentifier(text)).toThrow(TypeError)
  })

  test('X.690 a public key taken from a certificate is the one put in', () => {
    expect(
      createPublicKey(leaf.publicKey.export({ type: 'spki', format: 'pem' })).equals(publicKey),
    ).toBe(true)
  })
})
