import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import * as der from '../../src/crypto/der.ts'
import type { RevocationRule } from '../../src/domain/trust-policy.ts'
import { type Certificate, readCertificate } from '../../src/wallet/certificate.ts'
import {
  createAnchorSet,
  createChainCache,
  type VerifiedChain,
  verifyChain,
} from '../../src/wallet/certificate-path.ts'
import { readOcspResponse, writeOcspRequest } from '../../src/wallet/ocsp.ts'
import { checkRevocation } from '../../src/wallet/revocation.ts'
import { readRevocationList } from '../../src/wallet/revocation-list.ts'
import {
  base64,
  extension,
  type Odd,
  OID,
  SIGNS_CERTIFICATES,
  writeAnchor,
  writeOdd,
} from './certificates.ts'
import {
  answeredAt,
  issuingPoint,
  listedAt,
  NO_CHECK,
  type OddAnswer,
  type OddList,
  pointName,
  SIGNS_OCSP,
  writeAnswer,
  writeList,
} from './revocations.ts'
import { createMeans, DAY, NOW, newKey, refusalOf } from './world.ts'

const LIST = 'http://crl.example/root.crl'
const RESPONDER = 'http://ocsp.example/'
const SERIAL = Uint8Array.of(0x42)
const OTHER = Uint8Array.of(0x43)
const RULE: RevocationRule = {
  check: 'check',
  first: 'crl',
  graceSeconds: 0,
  unavailable: 'refuse',
}
/** keyCertSign and cRLSign. */
const SIGNS_BOTH = 0x06

const root = writeAnchor({ keyUsage: SIGNS_BOTH })
const listed = writeOdd({ issuer: root, extensions: [listedAt(LIST)] })
const answered = writeOdd({ issuer: root, extensions: [answeredAt(RESPONDER)] })
const both = writeOdd({ issuer: root, extensions: [listedAt(LIST), answeredAt(RESPONDER)] })

let documents: Record<string, unknown>
let means: ReturnType<typeof createMeans>
beforeEach(() => {
  documents = {}
  means = createMeans(documents)
})

function chainOf(certificates: readonly Odd[], now = NOW): VerifiedChain {
  const set = createAnchorSet([root.der])
  const chain = set && verifyChain(base64(...certificates), set, now, createChainCache())
  if (chain === undefined) throw new Error('no chain')
  return chain
}

function check(leaf: Odd | readonly Odd[], rule: Partial<RevocationRule> = {}, now = NOW) {
  const certificates = 'der' in leaf ? [leaf] : leaf
  return checkRevocation(chainOf(certificates), { ...RULE, ...rule }, now, means)
}

const readOf = (odd: Odd): Certificate => {
  const read = readCertificate(odd.der)
  if (read === undefined) throw new Error('unusable')
  return read
}

describe('lists (RFC 5280 section 6.3)', () => {
  it('TR-15 a certificate that is not on its list is good', async () => {
    documents[LIST] = writeList(root, { revoked: [OTHER] })
    expect(await check(listed)).toEqual([])
    expect(means.asked).toEqual([LIST])
  })

  it('TR-15 one that is on it is refused', async () => {
    documents[LIST] = writeList(root, { revoked: [OTHER, SERIAL] })
    expect(await refusalOf(() => check(listed))).toBe('certificate_revoked')
  })

  it('TR-15 an intermediate on the list refuses the leaf', async () => {
    const between = writeOdd({ name: 'I', issuer: root, ca: {}, extensions: [listedAt(LIST)] })
    const leaf = writeOdd({ issuer: between })
    documents[LIST] = writeList(root)
    expect(await check([leaf, between])).toEqual([])
    means = createMeans({ [LIST]: writeList(root, { revoked: [SERIAL] }) })
    expect(await refusalOf(() => check([leaf, between]))).toBe('certificate_revoked')
  })

  const reasons: [string, OddList][] = [
    ['of another authority of the same name', { key: newKey() }],
    ['of another authority', { name: 'Another' }],
    ['past its end', { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW - 1_000 }],
    ['from the future', { thisUpdate: NOW + 6 * 60_000 }],
    ['without an end', { nextUpdate: null }],
    ['signed with SHA-1', { algorithm: OID.ecdsaSha1, digest: 'sha1' }],
    ['with two algorithms', { innerAlgorithm: '1.2.840.10045.4.3.3' }],
    ['of version 1', { version: 0 }],
    [
      'with an unknown critical extension',
      { extensions: [extension('1.2.3', true, der.sequence())] },
    ],
    [
      'that is a delta',
      { extensions: [extension('2.5.29.27', true, der.integer(Uint8Array.of(1)))] },
    ],
    ['that is indirect', { extensions: [issuingPoint(der.tagged(4, false, Uint8Array.of(0xff)))] }],
    [
      'for some reasons only',
      { extensions: [issuingPoint(der.tagged(3, false, Uint8Array.of(1, 0x40)))] },
    ],
    [
      'for attribute certificates',
      { extensions: [issuingPoint(der.tagged(5, false, Uint8Array.of(0xff)))] },
    ],
    ['of another place', { extensions: [issuingPoint(pointName('http://crl.example/other.crl'))] }],
    [
      'for authorities only',
      { extensions: [issuingPoint(der.tagged(2, false, Uint8Array.of(0xff)))] },
    ],
    [
      'whose entries name another issuer',
      { revoked: [OTHER], entryExtensions: [extension('2.5.29.29', true, der.sequence())] },
    ],
    [
      'whose entries have an unknown critical extension',
      { revoked: [OTHER], entryExtensions: [extension('1.2.3', true, der.sequence())] },
    ],
  ]
  it.each(reasons)('TR-15 a list %s is not believed', async (_, odd) => {
    documents[LIST] = writeList(root, odd)
    expect(await refusalOf(() => check(listed))).toBe('revocation_unavailable')
  })

  it.each([
    ['for users, found where it says', [der.tagged(1, false, Uint8Array.of(0xff))]],
    ['for everything', []],
  ])('TR-15 a list %s is', async (_, parts) => {
    documents[LIST] = writeList(root, { extensions: [issuingPoint(pointName(LIST), ...parts)] })
    expect(await check(listed)).toEqual([])
  })

  it('TR-15 an authority that may not sign lists signs none', async () => {
    const narrow = writeAnchor({ key: root.key, keyUsage: SIGNS_CERTIFICATES })
    const list = writeList(root)
    expect(readRevocationList(list, readOf(root), LIST)).toBeDefined()
    expect(readRevocationList(list, readOf(narrow), LIST)).toBeUndefined()
  })

  it.each([
    ['for some reasons', der.tagged(1, false, Uint8Array.of(1, 0x40))],
    ['of another issuer', der.tagged(2, true, der.sequence())],
  ])('TR-15 a place %s is no place to ask at', async (_, part) => {
    const leaf = writeOdd({ issuer: root, extensions: [listedAt(LIST, part)] })
    expect(await refusalOf(() => check(leaf))).toBe('revocation_unavailable')
    expect(means.asked).toEqual([])
  })

  it('row 18 a list of more than 2 MiB is not read', () => {
    expect(
      readRevocationList(new Uint8Array(2 * 1024 * 1024 + 1), readOf(root), LIST),
    ).toBeUndefined()
  })
})

describe('responders (RFC 6960)', () => {
  const delegate = (members: object = {}) =>
    writeOdd({
      name: 'Responder',
      issuer: root,
      extensions: [
        extension(OID.extendedKeyUsage, false, der.sequence(der.objectIdentifier(SIGNS_OCSP))),
        extension(NO_CHECK, false, der.element(0x05)),
      ],
      ...members,
    })
  const by = (signer: Odd, odd: OddAnswer = {}) => ({ signer, certificates: [signer], ...odd })

  it.each([
    ['the issuer', {}],
    ['the issuer, named by its key', { named: 'key' as const }],
    ['whom the issuer lets', by(delegate())],
    ['whom the issuer lets, named by its key', by(delegate(), { named: 'key' })],
  ])('TR-15 good, says %s', async (_, odd) => {
    documents[RESPONDER] = writeAnswer(root, odd)
    expect(await check(answered)).toEqual([])
  })

  it('TR-15 revoked is refused', async () => {
    documents[RESPONDER] = writeAnswer(root, { status: 'revoked' })
    expect(await refusalOf(() => check(answered))).toBe('certificate_revoked')
  })

  const stranger = writeAnchor({ name: 'Anchor' })
  const purpose = (oid: string) =>
    extension(OID.extendedKeyUsage, false, der.sequence(der.objectIdentifier(oid)))
  const rows: [string, OddAnswer][] = [
    ['that it does not know', { status: 'unknown' }],
    ['about another certificate', { serial: OTHER }],
    ['signed by somebody else', { key: newKey() }],
    ['in another’s name, signed by the issuer', { signer: { ...root, name: 'Another' } }],
    [
      'under another’s key id, signed by the issuer',
      { signer: { ...root, key: newKey() }, key: root.key, named: 'key' },
    ],
    ['of a responder of another authority', by(delegate({ issuer: stranger }))],
    [
      'of a responder without the purpose',
      by(
        delegate({
          extensions: [purpose('1.3.6.1.5.5.7.3.1'), extension(NO_CHECK, false, der.element(0x05))],
        }),
      ),
    ],
    [
      'of a responder that would have to be asked about itself',
      by(delegate({ extensions: [purpose(SIGNS_OCSP)] })),
    ],
    ['of a responder that is an authority', by(delegate({ ca: {} }))],
    ['of an expired responder', by(delegate({ notAfter: NOW - 1_000 }))],
    ['past its end', { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW - 1_000 }],
    ['from the future', { thisUpdate: NOW + 6 * 60_000 }],
    ['without an end', { nextUpdate: null }],
    ['that is an error', { responseStatus: 3 }],
    [
      'with an unknown critical extension',
      { extensions: [extension('1.2.3', true, der.sequence())] },
    ],
  ]
  it.each(rows)('TR-15 an answer %s is none', async (_, odd) => {
    documents[RESPONDER] = writeAnswer(root, odd)
    expect(await refusalOf(() => check(answered))).toBe('revocation_unavailable')
  })
})

describe('the rule of the entry', () => {
  it('TR-15 what names nobody is not asked about, unless it must be', async () => {
    const silent = writeOdd({ issuer: root })
    expect(await check(silent)).toEqual([])
    expect(await refusalOf(() => check(silent, { check: 'require' }))).toBe(
      'revocation_unavailable',
    )
    expect(means.asked).toEqual([])
  })

  it('TR-15 ignored is ignored', async () => {
    documents[LIST] = writeList(root, { revoked: [SERIAL] })
    expect(await check(listed, { check: 'ignore' })).toEqual([])
    expect(means.asked).toEqual([])
  })

  it('TR-04 nobody to be had: refused, or let pass with its reason', async () => {
    expect(await refusalOf(() => check(listed))).toBe('revocation_unavailable')
    expect(await check(listed, { unavailable: 'accept' })).toEqual(['revocation_unchecked'])
  })

  it('TR-15 the other way is tried where the first one fails', async () => {
    documents[RESPONDER] = writeAnswer(root)
    expect(await check(both)).toEqual([])
    expect(means.asked).toEqual([LIST, RESPONDER])
    means = createMeans({ [LIST]: writeList(root) })
    expect(await check(both, { first: 'ocsp' })).toEqual([])
    expect(means.asked).toEqual([RESPONDER, LIST])
  })

  it('TR-04 a list past its end counts within the grace, with its reason, and no longer', async () => {
    documents[LIST] = writeList(root, { nextUpdate: NOW + 60_000 })
    await check(listed)
    delete documents[LIST]
    const late = NOW + 90_000
    expect(await check(listed, { graceSeconds: 60 }, late)).toEqual(['revocation_stale'])
    expect(await refusalOf(() => check(listed, { graceSeconds: 30 }, late))).toBe(
      'revocation_unavailable',
    )
  })

  it('TR-15 what was taken back stays so when nobody can be asked any more', async () => {
    documents[LIST] = writeList(root, { revoked: [SERIAL], nextUpdate: NOW + 60_000 })
    await refusalOf(() => check(listed))
    delete documents[LIST]
    const much = { unavailable: 'accept' } as const
    expect(await refusalOf(() => check(listed, much, NOW + 10 * 60_000))).toBe(
      'certificate_revoked',
    )
  })
})

describe('asking', () => {
  it('TR-15 once for everybody, and not again while it lasts', async () => {
    documents[LIST] = writeList(root)
    await Promise.all(Array.from({ length: 50 }, () => check(listed)))
    await check(listed, {}, NOW + 60_000)
    expect(means.asked).toEqual([LIST])
  })

  it('TR-15 ahead of the end, while the old one still counts', async () => {
    documents[LIST] = writeList(root, { nextUpdate: NOW + 1_000_000 })
    await check(listed)
    documents[LIST] = writeList(root, { thisUpdate: NOW, nextUpdate: NOW + 9_000_000 })
    expect(await check(listed, {}, NOW + 990_000)).toEqual([])
    await Promise.resolve()
    expect(await check(listed, {}, NOW + 1_100_000)).toEqual([])
    expect(means.asked).toEqual([LIST, LIST])
  })

  it('TR-21 an older list does not take the place of a newer one', async () => {
    documents[LIST] = writeList(root, { revoked: [OTHER], nextUpdate: NOW + 60_000 })
    await check(listed)
    documents[LIST] = writeList(root, { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW + 9 * DAY })
    expect(await refusalOf(() => check(listed, {}, NOW + 61_000))).toBe('revocation_unavailable')
  })

  it('TR-15 the next process finds what was said, and asks nobody while it lasts', async () => {
    documents[LIST] = writeList(root, { revoked: [SERIAL] })
    documents[RESPONDER] = writeAnswer(root)
    expect(await refusalOf(() => check(listed))).toBe('certificate_revoked')
    await check(answered)
    means = { ...createMeans(), answers: means.answers }
    expect(await refusalOf(() => check(listed, {}, NOW + 60_000))).toBe('certificate_revoked')
    expect(await check(answered, {}, NOW + 60_000)).toEqual([])
    expect(means.asked).toEqual([])
  })

  it('TR-04 it also finds what counts within the grace alone', async () => {
    documents[LIST] = writeList(root, { nextUpdate: NOW + 60_000 })
    await check(listed)
    means = { ...createMeans(), answers: means.answers }
    const rule = { graceSeconds: 60 }
    expect(await check(listed, rule, NOW + 119_999)).toEqual(['revocation_stale'])
    expect(await refusalOf(() => check(listed, rule, NOW + 120_000))).toBe('revocation_unavailable')
  })

  it('TR-21 an older list is no newer for the next process', async () => {
    documents[LIST] = writeList(root, { revoked: [SERIAL], nextUpdate: NOW + 60_000 })
    await refusalOf(() => check(listed))
    const older = { [LIST]: writeList(root, { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW + DAY }) }
    means = { ...createMeans(older), answers: means.answers }
    expect(await refusalOf(() => check(listed, {}, NOW + 61_000))).toBe('certificate_revoked')
  })

  it('TR-21 what is kept is judged again: nobody is believed for having been kept', async () => {
    documents[LIST] = writeList(root)
    await check(listed)
    for (const answer of means.answers.kept.values()) {
      const octets = Buffer.from(answer.document, 'base64')
      octets.writeUInt8(octets.readUInt8(octets.length - 5) ^ 1, octets.length - 5)
      answer.document = octets.toString('base64')
    }
    means = { ...createMeans(), answers: means.answers }
    expect(await refusalOf(() => check(listed))).toBe('revocation_unavailable')
  })

  it('TR-15 after a failure nobody asks for a while', async () => {
    await refusalOf(() => check(listed))
    await refusalOf(() => check(listed, {}, NOW + 1_000))
    expect(means.asked).toEqual([LIST])
    documents[LIST] = writeList(root)
    expect(await check(listed, {}, NOW + 31_000)).toEqual([])
  })
})

describe('what OpenSSL writes', () => {
  const made = JSON.parse(
    readFileSync(new URL('openssl-revocation.json', import.meta.url), 'utf8'),
  ) as Record<
    'root' | 'good' | 'revoked' | 'list' | 'goodRequest' | 'goodResponse' | 'revokedResponse',
    string
  >
  const bytes = (name: keyof typeof made) => new Uint8Array(Buffer.from(made[name], 'base64'))
  const read = (name: 'root' | 'good' | 'revoked') => {
    const certificate = readCertificate(bytes(name))
    if (certificate === undefined) throw new Error(name)
    return certificate
  }

  it('TR-15 a certificate names its list and its responder', () => {
    expect(read('good').crlUris).toEqual(['http://crl.example/root.crl'])
    expect(read('good').ocspUris).toEqual(['http://ocsp.example/'])
  })

  it('TR-15 a list is read, the revoked one on it', () => {
    const list = readRevocationList(bytes('list'), read('root'), LIST)
    expect([...(list?.revoked ?? [])]).toEqual([read('revoked').serialNumber])
  })

  it('TR-15 a request is the same octet for octet', () => {
    const request = writeOcspRequest(read('good'), read('root'))
    expect(Buffer.from(request).toString('base64')).toBe(made.goodRequest)
  })

  it('TR-15 answers of a delegated responder are read', () => {
    const answer = (name: 'good' | 'revoked') =>
      readOcspResponse(bytes(`${name}Response`), read(name), read('root'), NOW)?.status
    expect(answer('good')).toBe('good')
    expect(answer('revoked')).toBe('revoked')
  })

  it('TR-15 an answer about another certificate is none', () => {
    const answer = readOcspResponse(bytes('goodResponse'), read('revoked'), read('root'), NOW)
    expect(answer).toBeUndefined()
  })

  it('RE-07 no changed octet of a list or an answer is believed', () => {
    const [list, answer] = [bytes('list'), bytes('goodResponse')]
    for (let at = 0; at < list.length; at += 3) {
      const changed = Uint8Array.from(list)
      changed[at] = (changed[at] ?? 0) ^ 0x01
      expect(readRevocationList(changed, read('root'), LIST)).toBeUndefined()
    }
    for (let at = 0; at < answer.length; at += 7) {
      const changed = Uint8Array.from(answer)
      changed[at] = (changed[at] ?? 0) ^ 0x80
      const said = readOcspResponse(changed, read('good'), read('root'), NOW)
      expect([undefined, 'good']).toContain(said?.status)
    }
  })
})
