import { describe, expect, it } from 'vitest'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const x5c = (members: object = {}) => ({
  id: 'a',
  format: 'dc+sd-jwt',
  vct: ['urn:a'],
  mechanism: 'x5c',
  anchors: [PEM],
  ...members,
})
const web = (members: object = {}) => ({
  id: 'w',
  format: 'dc+sd-jwt',
  vct: ['urn:a'],
  mechanism: 'jwt-vc-issuer',
  issuer: 'https://issuer.example',
  ...members,
})
const mdoc = (members: object = {}) => ({
  ...{ id: 'm', format: 'mso_mdoc', doctypes: ['urn:m'], mechanism: 'x5c', anchors: [PEM] },
  ...members,
})
const did = (members: object = {}) => ({
  ...{ id: 'd', format: 'jwt_vc_json', types: ['Degree'], mechanism: 'did' },
  ...{ issuers: ['did:web:university.example'], ...members },
})

describe('a trust policy of several formats', () => {
  it('MD-04 holds mdocs to the profile of ISO/IEC 18013-5 where it says nothing else', () => {
    expect(TrustPolicy.parse({ entries: [mdoc()] }).entries[0]).toMatchObject({
      ...{ certificates: 'iso18013-5', issuer: { match: 'none' }, status: 'check' },
    })
  })

  it.each([
    ['one anchor for a type in two formats', [x5c(), mdoc({ doctypes: ['urn:a'] })]],
    [
      'every kind of DID',
      [did({ issuers: ['did:jwk:eyJ9', 'did:key:z6Mk', 'did:web:a.example%3A8443:b'] })],
    ],
    ['W3C issuers by certificate', [did({ mechanism: 'x5c', issuers: undefined, anchors: [PEM] })]],
    ['full names of types', [did({ typeNames: { Degree: 'https://example.org#Degree' } })]],
    [
      'an mdoc outside the profile',
      [mdoc({ certificates: 'rfc5280', extendedKeyUsage: ['1.2.3'] })],
    ],
  ])('TR-01 %s is accepted', (_, entries) => {
    // As JSON, so that what is undefined is not there.
    expect(TrustPolicy.safeParse(JSON.parse(JSON.stringify({ entries }))).success).toBe(true)
  })

  it.each([
    ['an mdoc by vct', [mdoc({ vct: ['urn:a'] })]],
    ['an mdoc without document types', [mdoc({ doctypes: [] })]],
    ['TR-04 an mdoc without anchors', [mdoc({ anchors: [] })]],
    ['an mdoc by DID', [mdoc({ mechanism: 'did', issuers: ['did:key:z6Mk'] })]],
    ['an mdoc by an issuer it does not name', [mdoc({ issuer: { match: 'exact', value: 'x' } })]],
    ['TR-01 one root and document type in two entries', [mdoc(), mdoc({ id: 'n' })]],
    [
      'a W3C issuer on the web of SD-JWT VC',
      [did({ mechanism: 'jwt-vc-issuer', issuer: 'https://a.example' })],
    ],
    ['no issuer', [did({ issuers: [] })]],
    ['another method', [did({ issuers: ['did:ion:abc'] })]],
    ['a DID with a fragment', [did({ issuers: ['did:web:a.example#key'] })]],
    ['a DID with a path', [did({ issuers: ['did:web:a.example/b'] })]],
    ['a DID with a query', [did({ issuers: ['did:web:a.example?b'] })]],
    ['TR-01 one DID and type in two entries', [did(), did({ id: 'e' })]],
  ])('TR-01 %s is refused', (_, entries) => {
    expect(TrustPolicy.safeParse({ entries }).success).toBe(false)
  })
})

describe('a trust policy', () => {
  it('TR-04 refuses a status and wants an end where it says nothing else', () => {
    expect(TrustPolicy.parse({ entries: [x5c()] }).entries[0]).toMatchObject({
      status: 'check',
      expiry: 'required',
      issuer: { match: 'san_uri' },
    })
  })

  it.each([
    ['TR-04 an empty list', { entries: [] }],
    ['VC-05 both mechanisms', { entries: [x5c(), web()] }],
    [
      'VC-09 every rule',
      {
        entries: ['san_uri', 'san_dns', 'none'].map((match) =>
          x5c({ id: match, vct: [match], issuer: { match } }),
        ),
      },
    ],
    ['VC-09 an exact issuer', { entries: [x5c({ issuer: { match: 'exact', value: 'urn:i' } })] }],
    [
      'VC-06 an issuer with a path',
      { entries: [web({ issuer: 'https://issuer.example:8443/t/1' })] },
    ],
    ['TR-01 one anchor for two types', { entries: [x5c(), x5c({ id: 'b', vct: ['urn:b'] })] }],
  ])('%s is accepted', (_, document) => {
    expect(TrustPolicy.safeParse(document).success).toBe(true)
  })

  it.each([
    ['an unknown member', { entries: [], version: 1 }],
    ['an unknown member of an entry', { entries: [x5c({ vcts: ['urn:a'] })] }],
    ['an unknown mechanism', { entries: [x5c({ mechanism: 'did' })] }],
    ['another format than its members', { entries: [x5c({ format: 'mso_mdoc' })] }],
    ['an unknown format', { entries: [x5c({ format: 'ldp_vc' })] }],
    ['no type', { entries: [x5c({ vct: [] })] }],
    ['TR-04 no anchor', { entries: [x5c({ anchors: [] })] }],
    ['TR-11 an anchor that is no PEM', { entries: [x5c({ anchors: ['MIIB'] })] }],
    ['TR-11 two certificates in one PEM', { entries: [x5c({ anchors: [PEM + PEM] })] }],
    ['an id used twice', { entries: [x5c(), web({ id: 'a' })] }],
    ['an id with the separator of issuer names', { entries: [x5c({ id: 'a#b' })] }],
    [
      'TR-01 one anchor and type in two entries',
      { entries: [x5c(), x5c({ id: 'b', anchors: [PEM.replaceAll('\n', '\r\n')] })] },
    ],
    ['TR-01 one issuer and type in two entries', { entries: [web(), web({ id: 'b' })] }],
    ['VC-09 an unknown rule', { entries: [x5c({ issuer: { match: 'subject' } })] }],
    [
      'TR-10 a purpose that is no object identifier',
      { entries: [x5c({ extendedKeyUsage: ['serverAuth'] })] },
    ],
    ['TR-02 a status rule of its own', { entries: [x5c({ status: 'maybe' })] }],
    ['VC-08 an issuer over http', { entries: [web({ issuer: 'http://issuer.example' })] }],
    ['VC-13 a did', { entries: [web({ issuer: 'did:web:issuer.example' })] }],
    ['VC-06 an issuer with a query', { entries: [web({ issuer: 'https://issuer.example/?a' })] }],
    ['VC-06 an issuer with a fragment', { entries: [web({ issuer: 'https://issuer.example#a' })] }],
    [
      'VC-08 an issuer with a password',
      { entries: [web({ issuer: 'https://u:p@issuer.example' })] },
    ],
    [
      'VC-06 an issuer that is not written plainly',
      { entries: [web({ issuer: 'HTTPS://issuer.example/../a' })] },
    ],
  ])('TR-01 %s is refused', (_, document) => {
    expect(TrustPolicy.safeParse(document).success).toBe(false)
  })
})
