import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import { createCertificateAuthority, issueCertificate } from '../../src/crypto/certificate.ts'
import { certificatePem } from '../../src/crypto/request-identity.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import type { TrustedList } from '../../src/domain/trusted-list-policy.ts'
import { ListError } from '../../src/wallet/listed-service.ts'
import { listedAnchors } from '../../src/wallet/policy-anchors.ts'
import { allLists, readTrustedList, signersDigest } from '../../src/wallet/trusted-list.ts'
import { PASSED_OVER } from '../../src/wallet/xml-branch.ts'
import { walkXml, XmlFormError } from '../../src/wallet/xml-reader.ts'
import { createOperator, type Operator } from './lists.ts'
import { DAY, NOW } from './world.ts'
import {
  CA_QC,
  STATUS,
  signXmlList,
  TYPES,
  writeXmlList,
  type XmlForgery,
  type XmlRequest,
} from './xml-lists.ts'

const operator = createOperator(NOW)
const issuer = createIssuer({ now: NOW })
const other = createIssuer({ now: NOW, url: 'https://other.example' })
const list: TrustedList = {
  ...{ id: 'eu', url: 'https://lists.example/tl.xml', format: 'tsl-xml', graceSeconds: 0 },
  signers: [operator.certificate],
}
const SERVICES = [{ anchors: [issuer.anchor] }]
const base64 = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')

const written = (request: Partial<XmlRequest> = {}) =>
  writeXmlList({ now: NOW, services: SERVICES, ...request })
function read(text: string, members: Partial<TrustedList> = {}, known?: number) {
  return readTrustedList(Buffer.from(text), { ...list, ...members }, { now: NOW, known })
}
const readSigned = (request: Partial<XmlRequest> = {}, forgery: XmlForgery = {}, known?: number) =>
  read(signXmlList(operator, written(request), forgery), {}, known)

async function reasonOf(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    return error.reason
  }
  return expect.fail('the list was believed')
}

describe('a trusted list in XML (ETSI TS 119 612)', () => {
  it('TR-20 gives the certificates of its services by type', async () => {
    const services = [
      { anchors: [issuer.anchor] },
      { anchors: [other.anchor, issuer.anchor] },
      { anchors: [other.anchor], type: 'urn:other' },
    ]
    expect(await readSigned({ sequence: 7, services })).toEqual({
      ...{ sequence: 7, issuedAt: NOW - DAY, nextUpdate: NOW + 30 * DAY, pointers: [] },
      services: [
        { type: CA_QC, certificates: [base64(issuer.anchor), base64(other.anchor)] },
        { type: 'urn:other', certificates: [base64(other.anchor)] },
      ],
    })
  })

  it.each([
    ['granted', { status: `${STATUS}/granted` }, 1],
    ['recognised', { status: `${STATUS}/recognisedatnationallevel` }, 1],
    ['withdrawn', { status: `${STATUS}/withdrawn` }, 0],
    [
      'withdrawn, and was granted before',
      { status: `${STATUS}/withdrawn`, before: `${STATUS}/granted` },
      0,
    ],
    ['granted from tomorrow', { since: NOW + DAY }, 0],
    ['of a status of somebody else’s', { status: 'urn:x/granted' }, 0],
  ])('TR-22 a service that is %s', async (_, members, anchors) => {
    const { services } = await readSigned({ services: [{ anchors: [issuer.anchor], ...members }] })
    expect(services.flatMap(({ certificates }) => certificates)).toHaveLength(anchors)
  })

  it('TR-21 the issue that is kept may come again, an older one may not', async () => {
    expect((await readSigned({ sequence: 5 }, {}, 5)).sequence).toBe(5)
    expect(await reasonOf(() => readSigned({ sequence: 4 }, {}, 5))).toBe('list_rolled_back')
  })

  it.each([
    ['past its next update', { nextUpdate: NOW }],
    ['from the future', { issuedAt: NOW + 360_000 }],
  ])('TR-21 one %s is refused', async (_, request) => {
    expect(await reasonOf(() => readSigned(request))).toBe('list_out_of_date')
  })

  it('TR-22 one that was closed for good vouches for nobody, whatever is on it', async () => {
    const closed = { sequence: 6, nextUpdate: null }
    expect(await readSigned(closed, {}, 5)).toEqual({
      ...{ sequence: 6, issuedAt: NOW - DAY, nextUpdate: NOW - DAY, closed: true },
      ...{ services: [], pointers: [] },
    })
    expect(await reasonOf(() => readSigned(closed, {}, 7))).toBe('list_rolled_back')
    const later = { ...closed, issuedAt: NOW + 360_000 }
    expect(await reasonOf(() => readSigned(later))).toBe('list_out_of_date')
    for (const broken of ['soon', '<when></when>', '<dateTime></dateTime>']) {
      const text = written(closed).replace('<NextUpdate>', `<NextUpdate>${broken}`)
      expect(await reasonOf(() => read(signXmlList(operator, text)))).toBe('list_malformed')
    }
  })

  it.each([
    ['of another type', { type: `${TYPES}/CClist` }],
    ['of another version', { version: '3' }],
    ['without a number', { sequence: '-1' }],
  ])('TR-23 one %s is refused', async (_, request) => {
    expect(await reasonOf(() => readSigned(request))).toBe('list_malformed')
  })
})

function rsaOperator(modulusLength = 3072): Operator {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength })
  const validity = { notBefore: NOW - DAY, notAfter: NOW + DAY }
  const authority = createCertificateAuthority({ subject: { commonName: 'TL CA' }, ...validity })
  const leaf = issueCertificate(authority, {
    ...{ subject: { commonName: 'Operator' }, publicKey: createPublicKey(key), ...validity },
  })
  return { key, certificate: certificatePem(leaf), x5c: Buffer.from(leaf).toString('base64') }
}

/** Signed by another library (xadesjs 2.6.8), with SigningCertificate of the first version, and no transforms where none are needed. */
const made = JSON.parse(
  readFileSync(new URL('xades-lists.json', import.meta.url), 'utf8'),
) as Record<'certificate' | 'exclusive' | 'inclusive', string>

describe('its signature', () => {
  const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
  it('TR-21 may be one of RSA, plain or PSS', async () => {
    const rsa = rsaOperator()
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    const ways: readonly XmlForgery[] = [
      { algorithm: `${MORE}rsa-sha256` },
      { algorithm: `${MORE}rsa-sha512`, signWith: (octets) => sign('sha512', octets, rsa.key) },
      {
        algorithm: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
        signWith: (octets) => sign('sha256', octets, { key: rsa.key, ...pss }),
      },
    ]
    for (const way of ways) {
      const text = signXmlList(rsa, written(), way)
      const { services } = await read(text, { signers: [rsa.certificate] })
      expect(services).toHaveLength(1)
    }
  })

  it('TR-21 is by a pinned certificate, of which there may be the next one too', async () => {
    const next = createOperator(NOW)
    const text = signXmlList(next, written())
    expect(await reasonOf(() => read(text))).toBe('list_signature_invalid')
    const both = [operator.certificate, next.certificate]
    expect((await read(text, { signers: both })).sequence).toBe(1)
  })

  it('TR-21 an operator with RSA of 2048 bits may be pinned, one with less may not', async () => {
    for (const [bits, expected] of [
      [2048, 1],
      [1024, 'list_signature_invalid'],
    ] as const) {
      const rsa = rsaOperator(bits)
      const text = signXmlList(rsa, written(), { algorithm: `${MORE}rsa-sha256` })
      const attempt = () => read(text, { signers: [rsa.certificate] })
      const found =
        typeof expected === 'number' ? (await attempt()).services.length : await reasonOf(attempt)
      expect(found).toBe(expected)
    }
  })

  it.each(['exclusive', 'inclusive'] as const)(
    'TR-20 is read where xadesjs made it, in %s canonical form',
    async (form) => {
      const { services } = await read(made[form], { signers: [made.certificate] })
      expect(services).toHaveLength(1)
      const changed = made[form].replace('>1</TSL', '>2</TSL')
      const attempt = () => read(changed, { signers: [made.certificate] })
      expect(await reasonOf(attempt)).toBe('list_signature_invalid')
    },
  )

  const stranger = createOperator(NOW)
  const old = createOperator(NOW - 20 * DAY, 1)
  it.each<[string, XmlForgery, Operator?]>([
    ['by a stranger under the pinned certificate', { key: stranger.key }],
    ['by a stranger, with his own certificate along', { key: stranger.key, brought: stranger.x5c }],
    ['of a certificate that the properties do not name', { named: stranger.x5c }],
    ['by an expired signer', {}, old],
    ['by SHA-1', { digest: 'sha1', digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' }],
    ['by HMAC', { algorithm: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' }],
    ['by RSA over SHA-1', { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }],
    ['of an algorithm for other keys', { algorithm: `${MORE}rsa-sha256` }],
    ['in a canonical form of its own', { canonicalization: 'urn:c14n' }],
    ['with a transformation', { transforms: ['http://www.w3.org/TR/1999/REC-xslt-19991116'] }],
    ['of the document with itself', { transforms: ['http://www.w3.org/2001/10/xml-exc-c14n#'] }],
    ['of the properties alone', { references: ({ properties }) => properties }],
    ['of the document alone', { references: ({ whole }) => whole }],
    ['of the document twice', { references: ({ whole }) => whole + whole }],
    [
      'of something else as well',
      { references: ({ whole, properties }) => whole + properties + whole },
    ],
    ['of a document that was changed', { change: (text) => text.replace('>1</TSL', '>2</TSL') }],
    [
      'that is not there',
      { change: (text) => text.replace(/<ds:Signature .*<\/ds:Signature>/s, '') },
    ],
  ])('TR-21 %s is refused', async (_, forgery, signer = operator) => {
    const text = signXmlList(signer, written(), forgery)
    expect(
      await reasonOf(() => read(text, { signers: [operator.certificate, old.certificate] })),
    ).toBe('list_signature_invalid')
  })

  it.each<[string, (signed: string) => string]>([
    [
      'around the signed one',
      (signed) =>
        written({ services: [{ anchors: [other.anchor] }] }).replace(
          '</Tru',
          `${bodyOf(signed)}</Tru`,
        ),
    ],
    [
      'with the signed one in the signature',
      (signed) => {
        const [, signature = ''] = /(<ds:Signature .*)<\/ds:Signature>/s.exec(signed) ?? []
        const hidden = `<ds:Object>${bodyOf(signed.replace(/<ds:Signature .*<\/ds:Signature>/s, ''))}</ds:Object></ds:Signature>`
        return written({ services: [{ anchors: [other.anchor] }] }).replace(
          '</Trust',
          `${signature}${hidden}</Trust`,
        )
      },
    ],
    [
      'with two signatures',
      (signed) => signed.replace(/<ds:Signature .*<\/ds:Signature>/s, (one) => one + one),
    ],
    [
      'with the signature further in',
      (signed) =>
        signed
          .replace(/<ds:Signature .*<\/ds:Signature>/s, '')
          .replace(
            '<SchemeTerritory>',
            `${/<ds:Signature .*<\/ds:Signature>/s.exec(signed)?.[0]}<SchemeTerritory>`,
          ),
    ],
    [
      'with the id of the properties twice',
      (signed) => signed.replace('<SchemeTerritory>', '<SchemeTerritory Id="sig-properties">'),
    ],
  ])('TR-21 a list wrapped %s is refused', async (_, change) => {
    expect(await reasonOf(() => readSigned({}, { change }))).toBe('list_signature_invalid')
  })
  const bodyOf = (text: string) => text.replace(/^<\?xml[^>]*>\s*/, '').trim()

  it('TR-21 what is read is what was signed: comments are no part of it', async () => {
    const split = (text: string) => text.replace('>1</TSL', '><!-- 1 -->1</TSL')
    expect((await readSigned({ sequence: 1 }, { change: split })).sequence).toBe(1)
  })

  it('RE-07 no changed character is believed, or it changes nothing', async () => {
    const text = signXmlList(operator, written())
    const honest = await read(text)
    for (let at = 0; at < text.length; at += 53) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
      try {
        expect(await read(changed)).toEqual(honest)
      } catch (error) {
        if (!(error instanceof ListError)) throw error
      }
    }
  })
})

describe('its form', () => {
  const declared = (at: number, count: number) =>
    Array.from({ length: count }, (_, of) => `xmlns:p${at}_${of}="u"`).join(' ')
  const ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
  const LAUGHS =
    '<!DOCTYPE a [<!ENTITY b "haha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;&c;</a>'
  it.each([
    ['an external entity', ENTITY],
    ['a billion laughs', LAUGHS],
    ['a document type', '<!DOCTYPE a><a></a>'],
    ['an entity that nobody declared', '<a>&x;</a>'],
    ['an instruction', '<?xml-stylesheet href="x"?><a></a>'],
    ['an instruction further in', '<a><?php x ?></a>'],
    ['elements deeper than any list', `${'<a>'.repeat(41)}${'</a>'.repeat(41)}`],
    [
      'more attributes than any list',
      `<a ${Array.from({ length: 31 }, (_, at) => `b${at}="x"`).join(' ')}></a>`,
    ],
    [
      'more namespaces than any list',
      `${[0, 1, 2].map((at) => `<a ${declared(at, at < 2 ? 30 : 4)}>`).join('')}${'</a>'.repeat(3)}`,
    ],
    [
      'more that holds inside than any list',
      `<a ${Array.from({ length: 9 }, (_, at) => `xml:b${at}="x"`).join(' ')}></a>`,
    ],
    ['more elements than any list', `<a>${'<b/>'.repeat(200_000)}</a>`],
    ['an attribute twice', '<a b="1" b="2"></a>'],
    ['an attribute without quotes', '<a b=1></a>'],
    ['two roots', '<a></a><b></b>'],
    ['text outside', '<a></a>x'],
    ['nothing', ''],
    ['no root', '<!-- x -->'],
    ['another element closed', '<a><b></a></b>'],
    ['no end', '<a>'],
    ['a comment without an end', '<a><!-- </a>'],
    ['characters outside', '<![CDATA[x]]><a></a>'],
    ['another name', '<1></1>'],
    ['a name of two colons', '<x:y:z xmlns:x="urn:x"></x:y:z>'],
    ['a prefix without a namespace', '<x:a></x:a>'],
    ['an attribute of a prefix without a namespace', '<a x:b="1"></a>'],
    ['one attribute under two prefixes', '<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="1"></a>'],
    ['a prefix that is taken back', '<a xmlns:x="u"><b xmlns:x=""></b></a>'],
    ['xml as another namespace', '<a xmlns:xml="urn:x"></a>'],
    ['a tag without an end', '<a b="'],
    ['a bracket in a value', '<a b="<"></a>'],
    ['the end of a section without its start', '<a>]]></a>'],
    ['a reference without an end', '<a>&amp</a>'],
    ['a reference to nothing', '<a>&#0;</a>'],
    ['a reference to half a character', '<a>&#xD800;</a>'],
    ['a reference beyond all characters', '<a b="&#x110000;"></a>'],
    ['a character that XML does not have', '<a>\u0001</a>'],
    ['a text longer than any list has', `<a>${'x'.repeat(400_000)}</a>`],
    ['a tag longer than any list has', `<a b="${'x'.repeat(400_000)}"></a>`],
    ['a name longer than any list has', `<${'a'.repeat(200)}></${'a'.repeat(200)}>`],
  ])('TR-23 %s is refused before any parser sees it', async (_, text) => {
    await expect(walkXml(Buffer.from(text), PASSED_OVER)).rejects.toThrow(XmlFormError)
    expect(await reasonOf(() => read(text))).toBe('list_malformed')
  })

  it('TR-23 nor is a document type behind a signed list', async () => {
    const change = (text: string) => text.replace('<Trust', '<!DOCTYPE x><Trust')
    expect(await reasonOf(() => readSigned({}, { change }))).toBe('list_malformed')
  })

  it('TR-23 what a list is made of is taken', async () => {
    for (const text of [
      '<?xml version="1.0" encoding="UTF-8"?>\n<a x:b="1" xmlns:x="urn:x" c=\'>\'>&amp;&#x41;<!-- <b> --><![CDATA[<c>]]><b/></a>\n<!-- end -->',
      '<a/>',
      // With `xml` itself 64 namespaces, and eight attributes that hold inside.
      `<a ${declared(0, 30)}><a ${declared(1, 30)}><a ${declared(2, 3)}></a></a></a>`,
      `<a ${Array.from({ length: 8 }, (_, at) => `xml:b${at}="x"`).join(' ')}></a>`,
    ]) {
      await expect(walkXml(Buffer.from(text), PASSED_OVER)).resolves.toBeUndefined()
    }
  })

  it('TR-23 others have their turn while a list is read', async () => {
    const filling = `<a>${'x'.repeat(1_000)}</a>`.repeat(1_000)
    const text = signXmlList(operator, written().replace('</Trust', `${filling}</Trust`))
    let turns = 0
    const take = () => {
      turns += 1
      next = setImmediate(take)
    }
    let next = setImmediate(take)
    expect((await read(text)).services).toHaveLength(1)
    clearImmediate(next)
    // A megabyte, three times through, in pieces of 64 KiB.
    expect(turns).toBeGreaterThan(40)
  })

  it('TR-23 what is not UTF-8 is not read', async () => {
    const octets = Buffer.concat([Buffer.from('<a>'), Buffer.of(0xff), Buffer.from('</a>')])
    await expect(walkXml(octets, PASSED_OVER)).rejects.toThrow(XmlFormError)
  })

  it('TR-23 a list of more than 8 MiB is not read', async () => {
    expect(await reasonOf(() => read(`<a>${'x'.repeat(8 * 1024 * 1024)}</a>`))).toBe(
      'list_malformed',
    )
  })
})

describe('a list of lists', () => {
  const national = createOperator(NOW)
  const pointers = [
    { url: 'https://nl.example/tl.xml', territory: 'NL', signers: [national.certificate] },
    { url: 'https://de.example/tl.xml', territory: 'DE', signers: [national.certificate] },
    {
      url: 'https://nl.example/tl.pdf',
      territory: 'NL',
      signers: [national.certificate],
      mime: 'application/pdf',
    },
    { url: 'http://nl.example/tl.xml', territory: 'NL', signers: [national.certificate] },
    {
      url: 'https://lotl.example',
      territory: 'NL',
      signers: [],
      type: `${TYPES}/EUlistofthelists`,
    },
  ]
  const follow = { territories: ['NL'], tslType: `${TYPES}/EUgeneric` }
  const lotl: TrustedList = { ...list, id: 'lotl', graceSeconds: 60, follow }
  const text = signXmlList(operator, written({ services: [], pointers }))
  const issued = async () => {
    const issue = await read(text, lotl)
    return { ...issue, url: lotl.url, signers: signersDigest(lotl) }
  }

  it('TR-20 names others, of which those of the territories count, signed by whom it names', async () => {
    const fetched = await issued()
    expect(fetched.pointers.map(({ url }) => url)).toEqual([
      'https://nl.example/tl.xml',
      'https://de.example/tl.xml',
      'https://lotl.example',
    ])
    const [first, second, ...more] = allLists([lotl], [fetched])
    expect([first?.id, second?.id, second?.url, more]).toEqual([
      'lotl',
      'lotl/NL',
      'https://nl.example/tl.xml',
      [],
    ])
    const signed = (by: Operator) => signXmlList(by, written())
    expect((await read(signed(national), second)).services).toHaveLength(1)
    expect(await reasonOf(() => read(signed(operator), second))).toBe('list_signature_invalid')
  })

  it('TR-21 nobody is followed for a list of lists that another signer made', async () => {
    const changed = { ...lotl, signers: [createOperator(NOW).certificate] }
    expect(allLists([changed], [await issued()])).toEqual([changed])
  })

  it('TR-21 the others count no longer than it does', async () => {
    const fetched = await issued()
    const entry = TrustPolicy.parse({
      lists: [{ ...lotl, format: 'tsl-xml' }],
      entries: [
        {
          ...{ id: 'a', format: 'dc+sd-jwt', vct: ['a'], mechanism: 'x5c' },
          trustedLists: [{ list: 'lotl', services: [CA_QC] }],
        },
      ],
    })
    const followed = await read(signXmlList(national, written({ nextUpdate: NOW + 90 * DAY })), {
      signers: [national.certificate],
    })
    const [, second] = allLists(entry.lists, [fetched])
    if (second === undefined) throw new Error('nobody is followed')
    const theirs = { ...followed, url: second.url, signers: signersDigest(second) }
    const [first] = entry.entries
    if (first?.mechanism !== 'x5c') throw new Error('another entry')
    const until = (own: number) =>
      listedAnchors(first, entry.lists, [{ ...fetched, nextUpdate: own }, theirs]).map(
        ({ staleFrom, notAfter }) => [staleFrom, notAfter],
      )
    expect(until(NOW + 3 * DAY)).toEqual([[NOW + 3 * DAY, NOW + 3 * DAY + 60_000]])
    expect(until(NOW + 99 * DAY)).toEqual([[NOW + 90 * DAY, NOW + 90 * DAY + 60_000]])
  })

  it('TR-23 names a hundred others at most, each with twenty signers at most', async () => {
    const [first] = pointers
    const among = (count: number, signers: number) => {
      const one = { ...first, url: 'https://x.example', territory: 'NL' }
      const all = Array.from({ length: count }, () => ({
        ...one,
        signers: Array.from({ length: signers }, () => national.certificate),
      }))
      return signXmlList(operator, written({ services: [], pointers: all }))
    }
    expect((await read(among(100, 1), lotl)).pointers).toHaveLength(100)
    const [one] = (await read(among(1, 20), lotl)).pointers
    expect(one?.signers).toHaveLength(20)
    for (const text of [among(101, 1), among(1, 21)])
      expect(await reasonOf(() => read(text, lotl))).toBe('list_malformed')
  })

  it('TR-21 must say that it is one, and the others that they are none', async () => {
    expect(await reasonOf(() => read(signXmlList(operator, written()), lotl))).toBe(
      'list_malformed',
    )
    expect(await reasonOf(() => read(text, list))).toBe('list_malformed')
  })
})
