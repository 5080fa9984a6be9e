import { createHmac, generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import { signStatusList } from '../../demo/status-list.ts'
import { thumbprint } from '../../src/crypto/thumbprint.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { type JwtVcExpectations, verifyJwtVc } from '../../src/wallet/jwt-vc.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import {
  createW3cWorld,
  DEGREE,
  didJwkOf,
  iso,
  issueVc,
  presentVc,
  publicJwkOf,
  trustEntry,
  V1,
  V2,
  type VcForgery,
  type Version,
  type VpForgery,
  type W3cWorld,
} from './w3c-world.ts'
import {
  AUDIENCE,
  CHANNEL,
  createMeans,
  encode,
  NONCE,
  NOW,
  NOW_S,
  newKey,
  refusalOf,
  signJwt,
} from './world.ts'

let world: W3cWorld
beforeAll(() => {
  world = createW3cWorld()
})

interface Circumstances extends Partial<JwtVcExpectations> {
  entry?: object
  documents?: Record<string, unknown>
}

function expectations({ entry = {}, documents: _documents, ...members }: Circumstances = {}) {
  return {
    ...{ queryId: 'degree', nonce: NONCE, audience: AUDIENCE, notBefore: NOW - 30_000, now: NOW },
    typeValues: [[DEGREE]],
    trust: prepareTrust(TrustPolicy.parse({ entries: [trustEntry(world, { ...entry })] })),
    ...members,
  }
}

function judge(text: string, circumstances: Circumstances = {}) {
  return verifyJwtVc(text, expectations(circumstances), createMeans(circumstances.documents))
}

interface Forgery {
  version?: Version
  vc?: VcForgery
  vp?: VpForgery
}

async function verify({ version = '2.0', vc, vp }: Forgery = {}, circumstances?: Circumstances) {
  const credential = await issueVc(world, version, vc)
  return judge(await presentVc(world, version, credential, vp), circumstances)
}

describe.each(['1.1', '2.0'] as const)('an honest W3C credential of %s', (version) => {
  it('says what stands in it, from its root', async () => {
    const verified = await verify({ version })
    expect(verified.claims.credentialSubject).toEqual({
      ...{ id: world.holder, family_name: 'Lovelace', degree: { name: 'BSc', level: 6 } },
    })
    const { crv, x, y } = publicJwkOf(world.holderKey)
    expect(verified).toMatchObject({
      ...{ queryId: 'degree', format: 'jwt_vc_json', type: DEGREE, trustEntry: 'uni' },
      issuer: `uni#${world.issuer}`,
      publicJwk: { kty: 'EC', crv, x, y },
      holderThumbprint: thumbprint(verified.publicJwk),
    })
  })

  it('VC-10 may name its holder by a key instead of a subject', async () => {
    const key = newKey()
    const verified = await verify({
      version,
      vc: {
        payload: {
          cnf: { jwk: publicJwkOf(key) },
          ...(version === '1.1' ? { sub: undefined } : {}),
        },
        credential: { credentialSubject: { family_name: 'Lovelace' } },
      },
      vp: { key },
    })
    expect(verified.publicJwk).toEqual(publicJwkOf(key))
  })

  it('SD-13 may be made for us by name', async () => {
    expect((await verify({ version, vc: { payload: { aud: AUDIENCE } } })).type).toBe(DEGREE)
  })

  it('VP-119 may be shown to our origin', async () => {
    const audience = 'origin:https://bridge.example'
    const shown = { version, vp: { payload: { aud: audience } } }
    expect((await verify(shown, { audience })).type).toBe(DEGREE)
    expect(await refusalOf(() => verify(shown))).toBe('audience_mismatch')
  })
})

describe('the status of a W3C credential', () => {
  const uri = 'https://status.example/lists/1'
  const status = { status_list: { uri, idx: 3 } }
  const query = DcqlQuery.parse({
    credentials: [{ id: 'degree', format: 'jwt_vc_json', meta: { type_values: [[DEGREE]] } }],
  })

  async function show(value: number, key = world.issuerKey): Promise<string> {
    const token = signStatusList(
      { privateKey: key, x5c: [] },
      { uri, issuedAt: NOW_S - 60, statuses: [0, 0, 0, value] },
    )
    const body = Buffer.from(token)
    const means = createMeans({ [uri]: { body, contentType: 'application/statuslist+jwt' } })
    const text = await presentVc(world, '2.0', await issueVc(world, '2.0', { payload: { status } }))
    const { trust } = expectations()
    const question = { query, trust, nonce: NONCE, channel: CHANNEL, notBefore: NOW, now: NOW }
    const vpToken = new Map([['degree', [text]]])
    const { credentials } = await verifyPresentations({ ...question, vpToken }, means)
    return credentials[0]?.type ?? ''
  }

  it('TS-06 is looked up in the list of its issuer', async () => {
    expect(await show(0)).toBe(DEGREE)
    expect(await refusalOf(() => show(1))).toBe('credential_revoked')
    expect(await refusalOf(() => show(2))).toBe('credential_suspended')
  })

  it('TS-08 is not believed from anybody else', async () => {
    expect(await refusalOf(() => show(0, newKey()))).toBe('status_list_invalid')
  })
})

describe('types', () => {
  const full = 'https://example.org/examples#UniversityDegreeCredential'
  it('VP-057 may be asked for by their full names, where the entry says them', async () => {
    const entry = { typeNames: { [DEGREE]: full } }
    const typeValues = [['https://www.w3.org/2018/credentials#VerifiableCredential', full]]
    expect((await verify({}, { entry, typeValues })).types).toContain(full)
    expect(await refusalOf(() => verify({}, { typeValues }))).toBe('untrusted_issuer')
  })

  it('VP-057 must all be there in one alternative', async () => {
    expect(
      (await verify({}, { typeValues: [['Other'], ['VerifiableCredential', DEGREE]] })).type,
    ).toBe(DEGREE)
    expect(await refusalOf(() => verify({}, { typeValues: [[DEGREE, 'Other']] }))).toBe(
      'untrusted_issuer',
    )
  })

  it('TR-01 that the entry does not vouch for do not count', async () => {
    const vc = { credential: { type: ['VerifiableCredential', DEGREE, 'PersonIdentification'] } }
    expect(await refusalOf(() => verify({ vc }, { typeValues: [['PersonIdentification']] }))).toBe(
      'untrusted_issuer',
    )
    expect((await verify({ vc })).types).not.toContain('PersonIdentification')
  })
})

describe('issuers', () => {
  it('TR-10 may be known by certificate, and are held to its name', async () => {
    const certified = createIssuer({ now: NOW })
    const entry = {
      ...{ mechanism: 'x5c', anchors: [certified.anchor], issuers: undefined },
    }
    const vc = (issuer: string): VcForgery => ({
      header: { x5c: certified.x5c },
      key: certified.privateKey,
      credential: { issuer },
    })
    const trust = prepareTrust(
      TrustPolicy.parse({ entries: [JSON.parse(JSON.stringify(trustEntry(world, entry)))] }),
    )
    expect((await verify({ vc: vc(certified.url) }, { trust })).issuer).toBe(`uni#${certified.url}`)
    expect(await refusalOf(() => verify({ vc: vc('https://evil.example') }, { trust }))).toBe(
      'untrusted_issuer',
    )
    expect(
      await refusalOf(() => verify({ vc: { ...vc(certified.url), header: {} } }, { trust })),
    ).toBe('untrusted_issuer')
    // A DID that is its own key does not stand in for the chain that the policy wants (VC-05).
    expect(await refusalOf(() => verify({}, { trust }))).toBe('untrusted_issuer')
  })

  it('VC-05 a certificate does not stand in for the DID that the policy wants', async () => {
    const certified = createIssuer({ now: NOW })
    const vc = { header: { x5c: certified.x5c }, key: certified.privateKey }
    expect(await refusalOf(() => verify({ vc }))).toBe('untrusted_issuer')
  })

  const did = 'did:web:university.example:issuers:1'
  const url = 'https://university.example/issuers/1/did.json'
  const document = (members: object = {}) => ({
    id: did,
    verificationMethod: [
      {
        id: '#key-1',
        type: 'JsonWebKey',
        controller: did,
        publicKeyJwk: publicJwkOf(world.issuerKey),
      },
      {
        id: `${did}#key-2`,
        type: 'JsonWebKey',
        controller: did,
        publicKeyJwk: publicJwkOf(newKey()),
      },
    ],
    assertionMethod: [`${did}#key-1`, '#key-2'],
    ...members,
  })
  const fromWeb = (header: object): VcForgery => ({
    credential: { issuer: did },
    header: { ...header },
  })
  const web = (documents: Record<string, unknown>) => ({ entry: { issuers: [did] }, documents })

  it.each([['#key-1'], [`${did}#key-1`]])(
    'VC-06 may be a did:web, with the key %s',
    async (kid) => {
      const verified = await verify({ vc: fromWeb({ kid }) }, web({ [url]: document() }))
      expect(verified.issuer).toBe(`uni#${did}`)
    },
  )

  it.each([
    ['a key that is not there', { kid: '#key-3' }, () => document(), 'issuer_key_unavailable'],
    ['another key of his', { kid: '#key-2' }, () => document(), 'issuer_signature_invalid'],
    ['no key id and several keys', {}, () => document(), 'issuer_key_unavailable'],
    [
      'a document of somebody else',
      { kid: '#key-1' },
      () => document({ id: 'did:web:evil.example' }),
      'issuer_key_unavailable',
    ],
    [
      'a key that may not assert',
      { kid: '#key-1' },
      () => document({ assertionMethod: ['#key-2'] }),
      'issuer_key_unavailable',
    ],
    [
      'no assertion method',
      { kid: '#key-1' },
      () => document({ assertionMethod: undefined }),
      'issuer_key_unavailable',
    ],
    ['a document that is a list', { kid: '#key-1' }, () => [], 'issuer_key_unavailable'],
    [
      'one id for two keys',
      { kid: '#key-1' },
      () => {
        const { verificationMethod } = document()
        const twice = verificationMethod.map((method) => ({ ...method, id: '#key-1' }))
        return document({ verificationMethod: twice, assertionMethod: ['#key-1'] })
      },
      'issuer_key_unavailable',
    ],
    [
      'more keys than any issuer has',
      { kid: '#key-1' },
      () => {
        const [method] = document().verificationMethod
        const others = Array.from({ length: 50 }, (_, at) => ({ ...method, id: `#other-${at}` }))
        return document({ verificationMethod: [method, ...others] })
      },
      'issuer_key_unavailable',
    ],
    ['a key id that is a number', { kid: 1 }, () => document(), 'malformed_presentation'],
  ])('VC-07 a did:web with %s is refused', async (_, header, made, reason) => {
    expect(await refusalOf(() => verify({ vc: fromWeb(header) }, web({ [url]: made() })))).toBe(
      reason,
    )
  })

  it('VC-08 a did:web that cannot be fetched is refused', async () => {
    expect(await refusalOf(() => verify({ vc: fromWeb({ kid: '#key-1' }) }, web({})))).toBe(
      'issuer_key_unavailable',
    )
  })

  it('TS-01, row 16 nobody is asked about an issuer that the policy does not name', async () => {
    const means = createMeans({ [url]: document() })
    const credential = await issueVc(world, '2.0', fromWeb({ kid: '#key-1', jku: url }))
    const text = await presentVc(world, '2.0', credential)
    expect(await refusalOf(() => verifyJwtVc(text, expectations(), means))).toBe('untrusted_issuer')
    expect(means.asked).toEqual([])
  })
})

const both = (forgery: Omit<Forgery, 'version'>) => ({ forgery, versions: ['1.1', '2.0'] as const })
const only = (version: Version, forgery: Omit<Forgery, 'version'>) => ({
  forgery,
  versions: [version] as const,
})

describe('a forged, stale, replayed or foreign W3C credential', () => {
  const rows: [
    string,
    () => { forgery: Omit<Forgery, 'version'>; versions: readonly Version[] },
    string,
  ][] = [
    [
      'the issuer signed with another key',
      () => both({ vc: { key: newKey() } }),
      'issuer_signature_invalid',
    ],
    [
      'TR-01 another issuer',
      () => {
        const key = newKey()
        const issuer = didJwkOf(key)
        return both({ vc: { key, credential: { issuer }, payload: { iss: issuer } } })
      },
      'untrusted_issuer',
    ],
    [
      'TR-01 a type that is not asked for',
      () => both({ vc: { credential: { type: ['VerifiableCredential', 'Other'] } } }),
      'untrusted_issuer',
    ],
    [
      'no W3C credential at all',
      () => both({ vc: { credential: { type: [DEGREE] } } }),
      'malformed_presentation',
    ],
    [
      'no context',
      () => both({ vc: { credential: { '@context': ['https://example.org'] } } }),
      'malformed_presentation',
    ],
    [
      'VC-01 the type of an SD-JWT',
      () => both({ vc: { header: { typ: 'dc+sd-jwt' } } }),
      'malformed_presentation',
    ],
    [
      'VC-01 the words of the other data model',
      () => only('1.1', { vc: { header: { typ: 'vc+jwt' } } }),
      'malformed_presentation',
    ],
    [
      'VC-01 the words of the other data model',
      () => only('2.0', { vc: { header: { typ: 'JWT' } } }),
      'malformed_presentation',
    ],
    [
      'an issuer who says two names',
      () => only('1.1', { vc: { credential: { issuer: 'did:web:evil.example' } } }),
      'malformed_presentation',
    ],
    [
      'an issuer who says two names',
      () => only('2.0', { vc: { payload: { iss: 'did:web:evil.example' } } }),
      'malformed_presentation',
    ],
    [
      'a subject with two names',
      () => only('1.1', { vc: { payload: { sub: 'did:web:evil.example' } } }),
      'malformed_presentation',
    ],
    [
      'two subjects',
      () => both({ vc: { credential: { credentialSubject: [{ id: 'a' }, { id: 'b' }] } } }),
      'malformed_presentation',
    ],
    [
      'no subject',
      () => both({ vc: { credential: { credentialSubject: undefined } } }),
      'malformed_presentation',
    ],
    [
      'SD-13 an end that has passed',
      () => both({ vc: { payload: { exp: NOW_S - 60 } } }),
      'credential_expired',
    ],
    [
      'SD-13 an end that has passed, in words',
      () => both({ vc: { credential: { validUntil: iso(NOW - 60_000) } } }),
      'credential_expired',
    ],
    [
      'SD-13 the same in older words',
      () => both({ vc: { credential: { expirationDate: iso(NOW - 60_000) } } }),
      'credential_expired',
    ],
    [
      'SD-13 a beginning to come',
      () => both({ vc: { payload: { nbf: NOW_S + 61 } } }),
      'credential_not_yet_valid',
    ],
    [
      'SD-13 a beginning to come, in words',
      () => both({ vc: { credential: { validFrom: iso(NOW + 61_000) } } }),
      'credential_not_yet_valid',
    ],
    [
      'SD-13 no end',
      () => only('2.0', { vc: { credential: { validUntil: undefined } } }),
      'malformed_presentation',
    ],
    [
      'SD-13 no end',
      () => only('1.1', { vc: { payload: { exp: undefined } } }),
      'malformed_presentation',
    ],
    [
      'SD-13 a date that is none',
      () => both({ vc: { credential: { validUntil: 'tomorrow' } } }),
      'malformed_presentation',
    ],
    [
      'SD-13 a date without a zone',
      () => both({ vc: { credential: { validUntil: '2027-01-01T00:00:00' } } }),
      'malformed_presentation',
    ],
    [
      'SD-13 an end in text',
      () => both({ vc: { payload: { exp: '4000000000' } } }),
      'malformed_presentation',
    ],
    [
      'SD-13 made for another',
      () => both({ vc: { payload: { aud: 'https://other.example' } } }),
      'audience_mismatch',
    ],
    [
      'TS-10 a status',
      () => both({ vc: { credential: { credentialStatus: { id: 'https://x.example/1' } } } }),
      'status_not_supported',
    ],
    [
      'TS-10 a status of the other kind',
      () => both({ vc: { payload: { status: {} } } }),
      'status_not_supported',
    ],
    [
      'VC-10 a subject that is no key',
      () =>
        only('2.0', {
          vc: { credential: { credentialSubject: { id: 'did:web:holder.example' } } },
        }),
      'holder_key_missing',
    ],
    [
      'VC-10 a private key to confirm',
      () => both({ vc: { payload: { cnf: { jwk: newKey().export({ format: 'jwk' }) } } } }),
      'holder_key_missing',
    ],
    [
      'VC-10 a key id to confirm',
      () => both({ vc: { payload: { cnf: { kid: 'x' } } } }),
      'holder_key_missing',
    ],
    ['row 6 another holder key', () => both({ vp: { key: newKey() } }), 'key_binding_invalid'],
    [
      'SD-16, row 6 another holder key, named in the header',
      () => {
        const key = newKey()
        return both({ vp: { key, header: { jwk: publicJwkOf(key), kid: `${didJwkOf(key)}#0` } } })
      },
      'key_binding_invalid',
    ],
    [
      'a holder who says another name',
      () => only('1.1', { vp: { payload: { iss: 'did:web:evil.example' } } }),
      'key_binding_invalid',
    ],
    [
      'a holder who says another name',
      () => both({ vp: { presentation: { holder: { id: 'did:web:evil.example' } } } }),
      'key_binding_invalid',
    ],
    [
      'VP-094 another nonce',
      () => both({ vp: { payload: { nonce: 'of-another-session' } } }),
      'nonce_mismatch',
    ],
    ['VP-094 no nonce', () => both({ vp: { payload: { nonce: undefined } } }), 'nonce_mismatch'],
    [
      'VP-097 another audience',
      () => both({ vp: { payload: { aud: 'x509_hash:other' } } }),
      'audience_mismatch',
    ],
    [
      'VP-097 us among others',
      () => both({ vp: { payload: { aud: [AUDIENCE, 'other'] } } }),
      'audience_mismatch',
    ],
    [
      'VP-097 signed before it was asked',
      () => both({ vp: { payload: { iat: NOW_S - 91 } } }),
      'key_binding_invalid',
    ],
    [
      'VP-097 signed in the future',
      () => both({ vp: { payload: { iat: NOW_S + 61 } } }),
      'key_binding_invalid',
    ],
    [
      'VP-097 past its own end',
      () => both({ vp: { payload: { exp: NOW_S - 60 } } }),
      'key_binding_invalid',
    ],
    [
      'no presentation',
      () => both({ vp: { presentation: { type: ['Something'] } } }),
      'malformed_presentation',
    ],
    [
      'a presentation of another typ',
      () => both({ vp: { header: { typ: 'kb+jwt' } } }),
      'malformed_presentation',
    ],
    ['no credential', () => both({ vp: { credentials: [] } }), 'malformed_presentation'],
    [
      'a credential that is no JWT',
      () => both({ vp: { credentials: [{ type: 'VerifiableCredential' }] } }),
      'malformed_presentation',
    ],
    [
      'an envelope around something else',
      () =>
        only('2.0', {
          vp: {
            credentials: [
              {
                type: 'EnvelopedVerifiableCredential',
                id: 'data:application/dc+sd-jwt,e30.e30.e30~',
              },
            ],
          },
        }),
      'malformed_presentation',
    ],
    [
      'an issuer without a name',
      () =>
        both({
          vc: { credential: { issuer: { name: 'University' } }, payload: { iss: undefined } },
        }),
      'malformed_presentation',
    ],
    [
      'VP-020 transaction data that nobody asked for',
      () => both({ vp: { payload: { transaction_data_hashes: [] } } }),
      'key_binding_invalid',
    ],
  ]
  const all = rows.flatMap(([name, make, reason]) =>
    make().versions.map((version) => [name, version, make, reason] as const),
  )
  // The rows are made when the tests run, for some need the world.
  it.each(all)('%s (%s) is refused', async (_, version, make, reason) => {
    const { forgery } = make()
    expect(await refusalOf(() => verify({ version, ...forgery }))).toBe(reason)
  })

  it('HA-13 two credentials in one presentation are refused', async () => {
    const credential = await issueVc(world, '1.1')
    const text = await presentVc(world, '1.1', credential, {
      credentials: [credential, credential],
    })
    expect(await refusalOf(() => judge(text))).toBe('malformed_presentation')
  })

  it('SD-14, VP-135 a credential without a presentation is refused', async () => {
    for (const version of ['1.1', '2.0'] as const) {
      const credential = await issueVc(world, version)
      expect(await refusalOf(() => judge(credential))).toBe('key_binding_missing')
    }
  })

  it.each(['none', 'NONE', 'HS256', 'RS256'])('row 15 alg %s is refused on both', async (alg) => {
    const sign = (text: string) => {
      const [, payload = ''] = text.split('.')
      const input = `${encode({ alg, typ: 'JWT' })}.${payload}`
      const secret = JSON.stringify(publicJwkOf(world.issuerKey))
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    }
    const credential = await issueVc(world, '1.1')
    const forgedVc = await presentVc(world, '1.1', sign(credential))
    const forgedVp = sign(await presentVc(world, '1.1', credential))
    expect(await refusalOf(() => judge(forgedVc))).toBe('algorithm_refused')
    expect(await refusalOf(() => judge(forgedVp))).toBe('algorithm_refused')
  })

  it.each<[string, object]>([
    ['crit', { crit: ['exp'], exp: NOW_S + 60 }],
    ['b64', { b64: false }],
  ])('CR-62 %s is refused on both', async (_, members) => {
    const resign = (text: string, key: typeof world.issuerKey) => {
      const [header = '', payload = ''] = text.split('.')
      const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object
      return signJwt({ ...read(header), ...members }, read(payload), key)
    }
    for (const version of ['1.1', '2.0'] as const) {
      const credential = await issueVc(world, version)
      const odd = await presentVc(world, version, resign(credential, world.issuerKey))
      const shown = resign(await presentVc(world, version, credential), world.holderKey)
      for (const text of [odd, shown])
        expect(await refusalOf(() => judge(text))).toBe('malformed_presentation')
    }
  })

  it('row 15 an algorithm of another key type is refused', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const vc = { header: { alg: 'EdDSA' }, key: privateKey }
    expect(await refusalOf(() => verify({ vc }))).toBe('algorithm_refused')
  })

  it('row 18 a presentation of more than 256 KiB is refused', async () => {
    const vp = { payload: { filler: 'x'.repeat(256 * 1024) } }
    expect(await refusalOf(() => verify({ vp }))).toBe('too_large')
  })

  it('row 20 a member twice is refused', async () => {
    const input = `${encode({ alg: 'ES256', typ: 'JWT' })}.${Buffer.from('{"vp":{},"vp":{}}').toString('base64url')}`
    expect(await refusalOf(() => judge(`${input}.AAAA`))).toBe('malformed_presentation')
  })

  it('SD-13 no end and a status are taken where the entry says so', async () => {
    const vc = { credential: { validUntil: undefined, credentialStatus: { id: 'x' } } }
    const entry = { expiry: 'optional', status: 'ignore' }
    expect((await verify({ vc }, { entry })).type).toBe(DEGREE)
  })

  it('both contexts may stand in either spelling', async () => {
    expect((await verify({ version: '1.1', vc: { credential: { '@context': [V2] } } })).type).toBe(
      DEGREE,
    )
    expect((await verify({ version: '2.0', vc: { credential: { '@context': V1 } } })).type).toBe(
      DEGREE,
    )
  })
})
