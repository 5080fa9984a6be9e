import { createHash } from 'node:crypto'
import { validateLoTE } from '@owf/eudi-lote'
import { describe, expect, it } from 'vitest'
import { createIssuer, DEMO_PERSON } from '../../demo/issuer.ts'
import { createWallet } from '../../demo/wallet.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { type FetchedList, ListError } from '../../src/wallet/listed-service.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { readTrustedList, signersDigest } from '../../src/wallet/trusted-list.ts'
import {
  createOperator,
  forgeList,
  ISSUANCE,
  type ListRequest,
  makeList,
  REVOCATION,
  STATUS,
  signList,
} from './lists.ts'
import { CHANNEL, createMeans, DAY, NONCE, NOW, presentTo, QUERY, refusalOf } from './world.ts'

const operator = createOperator(NOW)
const issuer = createIssuer({ now: NOW })
const other = createIssuer({ now: NOW, url: 'https://other.example' })
const LIST = { id: 'pid', url: 'https://lists.example/pid.jwt', format: 'lote-jwt' as const }
const list = { ...LIST, signers: [operator.certificate], graceSeconds: 0 }
const ENTITIES = [{ anchors: [issuer.anchor] }]

async function read(request: Partial<ListRequest> = {}, known?: number) {
  const text = await signList(operator, { now: NOW, entities: ENTITIES, ...request })
  return readTrustedList(Buffer.from(text), list, { now: NOW, known })
}

async function reasonOf(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    return error.reason
  }
  return expect.fail('the list was believed')
}

const refused = (text: string) =>
  reasonOf(() => readTrustedList(Buffer.from(text), list, { now: NOW, known: undefined }))
const base64 = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')

describe('a list of trusted entities (ETSI TS 119 602)', () => {
  it('TR-20 gives the certificates of its services by type', async () => {
    const found = await read({
      sequence: 7,
      entities: [
        { anchors: [issuer.anchor] },
        { anchors: [other.anchor, issuer.anchor] },
        { anchors: [other.anchor], type: REVOCATION },
      ],
    })
    expect(found).toEqual({
      sequence: 7,
      issuedAt: NOW - DAY,
      nextUpdate: NOW + 30 * DAY,
      pointers: [],
      services: [
        { type: ISSUANCE, certificates: [base64(issuer.anchor), base64(other.anchor)] },
        { type: REVOCATION, certificates: [base64(other.anchor)] },
      ],
    })
  })

  it.each([
    ['granted', `${STATUS}/notified`, undefined, 1],
    ['granted since yesterday', `${STATUS}/notified`, new Date(NOW - DAY).toISOString(), 1],
    ['granted from tomorrow', `${STATUS}/notified`, new Date(NOW + DAY).toISOString(), 0],
    ['withdrawn', `${STATUS}/withdrawn`, undefined, 0],
    ['of a status nobody knows', 'urn:notified', undefined, 0],
  ])('TR-22 a service that is %s', async (_, status, since, anchors) => {
    const entity = { anchors: [issuer.anchor], status, ...(since === undefined ? {} : { since }) }
    const found = await read({ entities: [entity] })
    expect(found.services.flatMap(({ certificates }) => certificates)).toHaveLength(anchors)
  })

  it('TR-11 a certificate that may not sign others is no anchor', async () => {
    const leaf = `-----BEGIN CERTIFICATE-----\n${issuer.x5c[0]}\n-----END CERTIFICATE-----`
    const found = await read({ entities: [{ anchors: [leaf] }] })
    expect(found.services).toEqual([{ type: ISSUANCE, certificates: [] }])
  })

  it('TR-21 the issue that is kept may come again, an older one may not', async () => {
    expect((await read({ sequence: 5 }, 5)).sequence).toBe(5)
    expect(await reasonOf(() => read({ sequence: 4 }, 5))).toBe('list_rolled_back')
  })

  it.each([
    ['past its next update', { nextUpdate: NOW }],
    ['from the future', { issuedAt: NOW + 6 * 60_000 }],
  ])('TR-21 one %s is refused', async (_, request) => {
    expect(await reasonOf(() => read(request))).toBe('list_out_of_date')
  })

  it('TR-21 the time of signing may be critical, anything else may not', async () => {
    const document = makeList({ now: NOW, entities: ENTITIES })
    const text = forgeList(operator, { crit: ['sigT'], sigT: '2026-11-22T00:00:00Z' }, document)
    const found = await readTrustedList(Buffer.from(text), list, { now: NOW, known: undefined })
    expect(found.sequence).toBe(1)
    for (const header of [{ crit: ['sigPId'], sigPId: {} }, { crit: ['sigT'] }, { b64: false }]) {
      expect(await refused(forgeList(operator, header, document))).toBe('list_signature_invalid')
    }
  })

  it('TR-21 is believed by a pinned certificate alone', async () => {
    const document = makeList({ now: NOW, entities: ENTITIES })
    const stranger = createOperator(NOW)
    expect(await refused(forgeList(stranger, {}, document))).toBe('list_signature_invalid')
    // The pinned certificate comes along, and somebody else signed.
    expect(await refused(forgeList(stranger, { x5c: [operator.x5c] }, document))).toBe(
      'list_signature_invalid',
    )
    expect(await refused(forgeList(operator, { x5c: undefined }, document))).toBe(
      'list_signature_invalid',
    )
    expect(await refused(forgeList(operator, { alg: 'HS256' }, document))).toBe(
      'list_signature_invalid',
    )
  })

  it('TR-21 may name its signer by the digest of the pinned certificate, and is held to it', async () => {
    const document = makeList({ now: NOW, entities: ENTITIES })
    const digest = createHash('sha256').update(Buffer.from(operator.x5c, 'base64'))
    const header = { x5c: undefined, 'x5t#S256': digest.digest('base64url') }
    const text = forgeList(operator, header, document)
    const found = await readTrustedList(Buffer.from(text), list, { now: NOW, known: undefined })
    expect(found.sequence).toBe(1)
    const stranger = createOperator(NOW)
    expect(await refused(forgeList(stranger, header, document))).toBe('list_signature_invalid')
  })

  it('TR-21 an expired signer signs nothing', async () => {
    const old = createOperator(NOW - 20 * DAY, 1)
    const text = await signList(old, { now: NOW, entities: ENTITIES })
    const pinned = { ...list, signers: [old.certificate] }
    expect(
      await reasonOf(() =>
        readTrustedList(Buffer.from(text), pinned, { now: NOW, known: undefined }),
      ),
    ).toBe('list_signature_invalid')
  })

  const scheme = (members: object) => {
    const { LoTE } = makeList({ now: NOW, entities: ENTITIES })
    const information = { ...LoTE.ListAndSchemeInformation, ...members }
    return { LoTE: { ...LoTE, ListAndSchemeInformation: information } }
  }
  it('TR-22 one without entities names nobody', async () => {
    const { LoTE } = makeList({ now: NOW, sequence: 8 })
    const text = forgeList(operator, {}, { LoTE: { ...LoTE, TrustedEntitiesList: undefined } })
    const found = await readTrustedList(Buffer.from(text), list, { now: NOW, known: 7 })
    expect([found.sequence, found.services]).toEqual([8, []])
  })

  it.each([
    ['nothing', {}],
    ['another document', { TrustedEntitiesList: [] }],
    ['another version', scheme({ LoTEVersionIdentifier: 2 })],
    ['no version', scheme({ LoTEVersionIdentifier: undefined })],
    ['no sequence number', scheme({ LoTESequenceNumber: undefined })],
    ['a broken sequence number', scheme({ LoTESequenceNumber: 1.5 })],
    ['no next update', scheme({ NextUpdate: undefined })],
    ['a next update without a zone', scheme({ NextUpdate: '2027-01-01T00:00:00' })],
    ['entities that are no list', { LoTE: { ...scheme({}).LoTE, TrustedEntitiesList: {} } }],
    ['services that are none', { LoTE: { ...scheme({}).LoTE, TrustedEntitiesList: [{}] } }],
    [
      'more entities than any scheme has',
      {
        LoTE: {
          ...scheme({}).LoTE,
          TrustedEntitiesList: Array.from({ length: 2_001 }, () => ({})),
        },
      },
    ],
  ])('TR-23 %s is no list', async (_, payload) => {
    expect(await refused(forgeList(operator, {}, payload))).toBe('list_malformed')
  })

  it('TR-21 a list of another kind by the same operator is refused where the policy says which', async () => {
    const kind = (name: string) => `http://uri.etsi.org/19602/LoTEType/${name}`
    const pinned = { ...list, loteType: kind('EUPIDProvidersList') }
    const readAs = (LoTEType: string | undefined) =>
      readTrustedList(Buffer.from(forgeList(operator, {}, scheme({ LoTEType }))), pinned, {
        ...{ now: NOW, known: undefined },
      })
    expect((await readAs(kind('EUPIDProvidersList'))).services).toHaveLength(1)
    for (const other of [kind('EUWalletProvidersList'), undefined])
      expect(await reasonOf(() => readAs(other))).toBe('list_malformed')
  })

  it('TR-24 what the library puts together, signs and finds in order is believed by our own rules alone', async () => {
    const request = { now: NOW, entities: ENTITIES }
    expect(validateLoTE(makeList(request)).valid).toBe(true)
    const at = { now: NOW, known: undefined }
    const text = await signList(operator, request)
    expect((await readTrustedList(Buffer.from(text), list, at)).services).toHaveLength(1)
    const old = { ...request, nextUpdate: NOW - 1 }
    expect(validateLoTE(makeList(old)).valid).toBe(true)
    const stranger = createOperator(NOW)
    for (const [text, known, reason] of [
      [await signList(stranger, request), undefined, 'list_signature_invalid'],
      [await signList(operator, old), undefined, 'list_out_of_date'],
      [await signList(operator, request), 2, 'list_rolled_back'],
    ] as const) {
      const attempt = () => readTrustedList(Buffer.from(text), list, { now: NOW, known })
      expect(await reasonOf(attempt)).toBe(reason)
    }
  })

  it('TR-23 any text is refused by name', async () => {
    for (const text of ['', 'a', 'a.b', '..', '{"LoTE":{}}', 'x'.repeat(20 * 1024 * 1024 + 1)]) {
      expect(['list_malformed', 'list_signature_invalid']).toContain(await refused(text))
    }
  })

  it('RE-07 no changed character is believed', async () => {
    const text = await signList(operator, { now: NOW, entities: ENTITIES })
    for (let at = 0; at < text.length; at += 61) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
      expect(await refused(changed)).toMatch(/^list_/)
    }
  })
})

describe('anchors out of a list', () => {
  const wallet = createWallet()
  const { anchors: _, ...entry } = issuer.trustPolicy().entries[0] ?? {}
  const policyOf = (members: object = {}, entryMembers: object = {}) => ({
    lists: [{ ...LIST, signers: [operator.certificate], ...members }],
    entries: [{ ...entry, trustedLists: [{ list: 'pid', services: [ISSUANCE] }], ...entryMembers }],
  })

  async function show(
    options: {
      policy?: object
      fetched?: Partial<FetchedList>
      now?: number
      query?: DcqlQuery
    } = {},
  ) {
    const { policy = policyOf(), now = NOW, query = QUERY } = options
    const parsed = TrustPolicy.parse(policy)
    const fetched = {
      ...{ url: LIST.url, signers: signersDigest(list), nextUpdate: NOW + DAY, pointers: [] },
      services: [{ type: ISSUANCE, certificates: [base64(issuer.anchor)] }],
      ...options.fetched,
    }
    const credential = await issuer.issue(DEMO_PERSON, wallet.publicJwk)
    const shown = presentTo({ wallet }, credential, { issuedAt: Math.floor(now / 1000) - 5 })
    return await verifyPresentations(
      {
        ...{ vpToken: new Map([['eduid', [shown]]]), query, nonce: NONCE, channel: CHANNEL },
        ...{ trust: prepareTrust(parsed, [fetched]), notBefore: now - 30_000, now },
      },
      createMeans(),
    )
  }

  it('TR-20 vouch for an issuer', async () => {
    const { credentials, leniences } = await show()
    expect([credentials[0]?.issuer, leniences]).toEqual([`demo#${issuer.url}`, []])
  })

  it.each([
    ['LIST', LIST.url, undefined],
    ['another list', 'https://other.example', 'unexpected_credential'],
  ])('VP-060 a query may ask for a credential by one on %s', async (_, url, refusal) => {
    const [asked] = QUERY.credentials
    const authorities = [{ type: 'etsi_tl', values: [url] }]
    const query = DcqlQuery.parse({ credentials: [{ ...asked, trusted_authorities: authorities }] })
    const attempt = () => show({ query })
    if (refusal === undefined) expect((await attempt()).credentials).toHaveLength(1)
    else expect(await refusalOf(attempt)).toBe(refusal)
  })

  it('VP-060 an anchor that the policy names too is on the list while it is current, and no longer', async () => {
    const [asked] = QUERY.credentials
    const authorities = [{ type: 'etsi_tl', values: [LIST.url] }]
    const query = DcqlQuery.parse({ credentials: [{ ...asked, trusted_authorities: authorities }] })
    const policy = policyOf({ graceSeconds: 60 }, { anchors: [issuer.anchor] })
    expect((await show({ query, policy })).leniences).toEqual([])
    const fetched = { nextUpdate: NOW - 1_000 }
    expect(await refusalOf(() => show({ query, policy, fetched }))).toBe('unexpected_credential')
  })

  it.each([
    ['TR-04 there is none yet', { fetched: { url: 'https://elsewhere.example' } }],
    [
      'TR-01 it is a service of another type',
      { fetched: { services: [{ type: REVOCATION, certificates: [base64(issuer.anchor)] }] } },
    ],
    [
      'TR-21 another signer was believed',
      { policy: policyOf({ signers: [createOperator(NOW).certificate] }) },
    ],
    ['TR-21 a list of another kind was believed', { policy: policyOf({ loteType: 'urn:kind' }) }],
    ['TR-22 it is no longer listed', { fetched: { services: [] } }],
    ['TR-04 the list is past its time', { fetched: { nextUpdate: NOW - 1 } }],
    [
      'TR-04 past its grace',
      { policy: policyOf({ graceSeconds: 60 }), fetched: { nextUpdate: NOW - 60_001 } },
    ],
  ])('%s: nobody is believed', async (_, options) => {
    expect(await refusalOf(() => show(options))).toBe('untrusted_issuer')
  })

  it('TR-04 within the grace they vouch, and that is said', async () => {
    const options = { policy: policyOf({ graceSeconds: 60 }), fetched: { nextUpdate: NOW - 1_000 } }
    expect((await show(options)).leniences).toEqual(['trusted_list_stale'])
  })

  it.each([
    [
      'a list that is not there',
      policyOf({}, { trustedLists: [{ list: 'x', services: [ISSUANCE] }] }),
    ],
    ['neither anchors nor lists', policyOf({}, { trustedLists: [] })],
    ['http', policyOf({ url: 'http://lists.example/pid' })],
    [
      'two lists of one id',
      { ...policyOf(), lists: [list, { ...list, url: 'https://b.example' }] },
    ],
    ['two lists of one address', { ...policyOf(), lists: [list, { ...list, id: 'b' }] }],
    ['nobody to sign', policyOf({ signers: [] })],
    [
      'TR-01 one service for a type in two entries',
      { ...policyOf(), entries: [1, 2].map((id) => ({ ...policyOf().entries[0], id: `e${id}` })) },
    ],
  ])('TR-04 a policy with %s is refused', (_, policy) => {
    expect(TrustPolicy.safeParse(policy).success).toBe(false)
  })
})
