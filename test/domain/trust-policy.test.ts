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
