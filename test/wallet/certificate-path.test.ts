import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as der from '../../src/crypto/der.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import {
  createAnchorSet,
  createChainCache,
  verifyChain,
} from '../../src/wallet/certificate-path.ts'
import {
  base64,
  extension,
  type Odd,
  OID,
  rsaKey,
  SIGNS_DATA,
  writeAnchor,
  writeOdd,
} from './certificates.ts'
import { DAY, NOW, newKey, refusalOf } from './world.ts'

const anchor = writeAnchor()
const intermediate = writeOdd({ name: 'Intermediate', issuer: anchor, ca: { pathLength: 0 } })

function verify(x5c: readonly string[], anchors: readonly Odd[] = [anchor], now = NOW) {
  const set = createAnchorSet(anchors.map((one) => one.der))
  if (set === undefined) throw new Error('unusable anchor')
  return verifyChain(x5c, set, now, createChainCache())
}

describe('sound chains', () => {
  it('TR-10 a leaf below the anchor', () => {
    const leaf = writeOdd({ issuer: anchor })
    expect(verify(base64(leaf))?.leaf.fingerprint).toBe(readCertificate(leaf.der)?.fingerprint)
  })

  it('TR-10 a leaf below an intermediate with pathLen 0', () => {
    const leaf = writeOdd({ issuer: intermediate })
    expect(verify(base64(leaf, intermediate))).toBeDefined()
  })

  it('TR-10 of two anchors of one name the one that signed counts', () => {
    const other = writeAnchor()
    expect(verify(base64(writeOdd({ issuer: anchor })), [other, anchor])).toBeDefined()
  })

  it('TR-16 an expired anchor does not stand in the way of its renewal', () => {
    const old = writeAnchor({ key: anchor.key, notBefore: NOW - 9 * DAY, notAfter: NOW - DAY })
    expect(verify(base64(writeOdd({ issuer: anchor })), [old, anchor])).toBeDefined()
  })

  it('TR-14 Ed25519, P-384 and RSA of 3072 bits are strong enough', () => {
    const keys = [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      rsaKey(3072),
    ]
    for (const key of keys) expect(verify(base64(writeOdd({ issuer: anchor, key })))).toBeDefined()
  })

  it('VP-060 tells the authority key ids of the chain', () => {
    const keyId = der.sequence(der.tagged(0, false, Uint8Array.of(1, 2, 3)))
    const leaf = writeOdd({
      issuer: anchor,
      extensions: [extension(OID.authorityKeyId, false, keyId)],
    })
    expect(verify(base64(leaf))?.authorityKeyIds).toEqual(['AQID'])
  })

  it('TR-16 holds at both ends of its validity, the anchor included', () => {
    const leaf = writeOdd({ issuer: anchor, notBefore: NOW - 10_000, notAfter: NOW + 10_000 })
    for (const at of [NOW - 10_000, NOW + 10_000])
      expect(verify(base64(leaf), [anchor], at)).toBeDefined()
    expect(verify(base64(leaf))).toMatchObject({ notBefore: NOW - 10_000, notAfter: NOW + 10_000 })
  })
})

describe('unsound chains', () => {
  const leaf = writeOdd({ issuer: anchor })
  const rsaLeaf = (bits: number) => writeOdd({ issuer: anchor, key: rsaKey(bits) })
  const under = (authority: Odd) => base64(writeOdd({ issuer: authority }), authority)
  const withExtension = (oid: string, critical: boolean, value = der.sequence()) =>
    base64(writeOdd({ issuer: anchor, extensions: [extension(oid, critical, value)] }))
  const early = writeOdd({ issuer: anchor, notBefore: NOW + 1_000 })
  const late = writeOdd({ issuer: anchor, notAfter: NOW - 1_000 })
  const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey
  const rows: [string, string[]][] = [
    ['TR-13 an empty list', []],
    ['TR-13 six certificates', Array.from({ length: 6 }, () => base64(leaf)[0] ?? '')],
    [
      'TR-13 more than 8 KiB',
      withExtension('1.2.3.4', false, der.octetString(new Uint8Array(8_200))),
    ],
    ['TR-13 base64url', [Buffer.from(leaf.der).toString('base64url')]],
    [
      'TR-13 base64 with line breaks',
      base64(leaf).map((text) => `${text.slice(0, 64)}\n${text.slice(64)}`),
    ],
    [
      'TR-13 PEM',
      base64(leaf).map((text) => `-----BEGIN CERTIFICATE-----${text}-----END CERTIFICATE-----`),
    ],
    [
      'TR-10 octets behind the certificate',
      [Buffer.concat([leaf.der, Buffer.of(0)]).toString('base64')],
    ],
    ['TR-10 not valid yet', base64(early)],
    ['TR-10 expired', base64(late)],
    [
      'TR-10 an expired intermediate',
      under(writeOdd({ name: 'I', issuer: anchor, ca: {}, notAfter: NOW - 1_000 })),
    ],
    ['TR-10 a leaf used as CA', under(writeOdd({ name: 'I', issuer: anchor }))],
    [
      'TR-10 an intermediate that may not sign certificates',
      under(writeOdd({ name: 'I', issuer: anchor, ca: {}, keyUsage: SIGNS_DATA })),
    ],
    [
      'TR-10 an intermediate without key usage',
      under(writeOdd({ name: 'I', issuer: anchor, ca: {}, keyUsage: undefined })),
    ],
    [
      'TR-10 a CA below pathLen 0',
      (() => {
        const below = writeOdd({ name: 'Below', issuer: intermediate, ca: {} })
        return base64(writeOdd({ issuer: below }), below, intermediate)
      })(),
    ],
    ['TR-10 a CA as leaf', base64(intermediate)],
    ['TR-10 a leaf that may not sign data', base64(writeOdd({ issuer: anchor, keyUsage: 0x20 }))],
    ['TR-10 an unknown critical extension', withExtension('1.2.3.4', true)],
    ['TR-10 name constraints, critical', withExtension(OID.nameConstraints, true)],
    ['TR-10 name constraints, not critical', withExtension(OID.nameConstraints, false)],
    ['TR-10 policy constraints, critical', withExtension(OID.policyConstraints, true)],
    [
      'TR-10 an extension twice',
      base64(
        writeOdd({
          issuer: anchor,
          extensions: [
            extension('1.2.3.4', false, der.sequence()),
            extension('1.2.3.4', false, der.sequence()),
          ],
        }),
      ),
    ],
    ['TR-10 version 1', base64(writeOdd({ issuer: anchor, version: 1 }))],
    ['TR-10 chain out of order', base64(intermediate, writeOdd({ issuer: intermediate }))],
    [
      'TR-10 an intermediate that did not sign',
      base64(writeOdd({ issuer: { name: 'Intermediate', key: newKey() } }), intermediate),
    ],
    [
      'TR-10 two signature algorithms',
      base64(writeOdd({ issuer: anchor, innerAlgorithm: '1.2.840.10045.4.3.3' })),
    ],
    ['TR-11 a self-signed leaf', base64(writeOdd({}))],
    ['TR-11 the anchor brought along', base64(leaf, anchor)],
    ['TR-14 SHA-1', base64(writeOdd({ issuer: anchor, algorithm: OID.ecdsaSha1, digest: 'sha1' }))],
    ['TR-14 RSA of 2048 bits', base64(rsaLeaf(2048))],
    ['TR-14 a curve that nobody chose', base64(writeOdd({ issuer: anchor, key: koblitz }))],
  ]
  it.each(rows)('%s is refused', async (_, x5c) => {
    expect(await refusalOf(() => verify(x5c))).toBe('certificate_invalid')
  })

  it('TR-11 an anchor that is not self-signed may not come along either', () => {
    expect(
      verify(base64(writeOdd({ issuer: intermediate }), intermediate), [intermediate]),
    ).toBeUndefined()
  })

  it('TR-11 an anchor may not come along even where the path goes on to another', () => {
    const chain = base64(writeOdd({ issuer: intermediate }), intermediate)
    expect(verify(chain, [anchor])).toBeDefined()
    expect(verify(chain, [anchor, intermediate])).toBeUndefined()
  })

  it('TR-11 nor may an anchor’s key, under another name', () => {
    const alias = writeOdd({ name: 'Alias', issuer: anchor, key: anchor.key, ca: {} })
    expect(verify(base64(writeOdd({ issuer: alias }), alias))).toBeUndefined()
  })

  it('TR-10 the right key under the wrong name is no issuer', () => {
    const renamed = writeOdd({ issuer: { name: 'Another', key: anchor.key } })
    expect(verify(base64(renamed))).toBeUndefined()
  })

  it('TR-11 another authority of the same name is no anchor', () => {
    expect(verify(base64(writeOdd({ issuer: writeAnchor() })))).toBeUndefined()
  })

  it('TR-10 the path length of the anchor counts', () => {
    const short = writeAnchor({ ca: { pathLength: 0 } })
    const between = writeOdd({ name: 'Between', issuer: short, ca: {} })
    expect(verify(base64(writeOdd({ issuer: between }), between), [short])).toBeUndefined()
  })

  it('TR-16 an expired anchor vouches for nobody', () => {
    const old = writeAnchor({ notAfter: NOW - 1_000 })
    expect(verify(base64(writeOdd({ issuer: old })), [old])).toBeUndefined()
  })

  it('TR-16 a millisecond outside is outside', async () => {
    const brief = base64(
      writeOdd({ issuer: anchor, notBefore: NOW - 10_000, notAfter: NOW + 10_000 }),
    )
    for (const at of [NOW - 10_001, NOW + 10_001]) {
      expect(await refusalOf(() => verify(brief, [anchor], at))).toBe('certificate_invalid')
    }
  })
})

describe('anchors', () => {
  it.each([
    ['a leaf', writeOdd({ issuer: anchor })],
    ['an authority that may not sign certificates', writeAnchor({ keyUsage: SIGNS_DATA })],
    [
      'one with name constraints',
      writeAnchor({ extensions: [extension(OID.nameConstraints, true, der.sequence())] }),
    ],
    ['one with a weak key', writeAnchor({ key: rsaKey(2048), algorithm: '1.2.840.113549.1.1.11' })],
  ])('TR-11 %s is none', (_, odd) => {
    expect(createAnchorSet([odd.der])).toBeUndefined()
  })

  it('TR-04 an empty set vouches for nobody', () => {
    expect(verify(base64(writeOdd({ issuer: anchor })), [])).toBeUndefined()
  })
})

describe('the cache of chains', () => {
  const set = createAnchorSet([anchor.der]) ?? { anchors: [], digest: '' }
  const chain = base64(writeOdd({ issuer: anchor, notAfter: NOW + 10_000 }))

  it('TR-16 looks at the dates on each use', async () => {
    const cache = createChainCache()
    const first = verifyChain(chain, set, NOW, cache)
    expect(verifyChain(chain, set, NOW + 1, cache)).toBe(first)
    expect(await refusalOf(() => verifyChain(chain, set, NOW + 10_001, cache))).toBe(
      'certificate_invalid',
    )
  })

  it('TR-01 does not lend a chain to other anchors', () => {
    const cache = createChainCache()
    verifyChain(chain, set, NOW, cache)
    const other = createAnchorSet([writeAnchor().der]) ?? set
    expect(verifyChain(chain, other, NOW, cache)).toBeUndefined()
  })

  it('row 18 keeps good chains only, and no more than it may', async () => {
    const cache = createChainCache(2)
    const chains = [1, 2, 3].map(() => base64(writeOdd({ issuer: anchor })))
    const [first = [], second = [], third = []] = chains
    verifyChain(first, set, NOW, cache)
    const kept = verifyChain(second, set, NOW, cache)
    verifyChain(third, set, NOW, cache)
    expect(cache.chains.size).toBe(2)
    expect(verifyChain(second, set, NOW, cache)).toBe(kept)
    await refusalOf(() => verifyChain(['AAAA'], set, NOW, cache))
    verifyChain(base64(writeOdd({ issuer: writeAnchor() })), set, NOW, cache)
    expect(cache.chains.size).toBe(2)
  })
})

describe('any octets', () => {
  it('RE-07 a changed certificate is read or not, and never throws', () => {
    const honest = writeOdd({
      issuer: anchor,
      extensions: [
        extension(
          OID.subjectAltName,
          false,
          der.sequence(der.tagged(2, false, Buffer.from('a.example'))),
        ),
      ],
    }).der
    const attempt = fc.property(
      fc.nat(honest.length - 1),
      fc.nat(255),
      fc.nat(3),
      (at, octet, cut) => {
        const changed = Uint8Array.from(honest.subarray(0, honest.length - cut))
        if (at < changed.length) changed[at] = octet
        const read = readCertificate(changed)
        expect(read === undefined || typeof read.isCa === 'boolean').toBe(true)
      },
    )
    fc.assert(attempt, { seed: 5280, numRuns: 800 })
  })
})
