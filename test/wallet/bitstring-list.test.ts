/** W3C credentials whose `credentialStatus` stands in bitstring status lists (Bitstring Status List 1.0). */
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { bitAt, openBitstringList } from '../../src/wallet/bitstring-list.ts'
import { type RevokedCredential, verifyPresentations } from '../../src/wallet/presentation.ts'
import { lookUpStatus } from '../../src/wallet/status-lookup.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import {
  createW3cWorld,
  DEGREE,
  didJwkOf,
  iso,
  issueVc,
  presentVc,
  trustEntry,
  V1,
  V2,
  type W3cWorld,
} from './w3c-world.ts'
import { CHANNEL, createMeans, DAY, NONCE, NOW, newKey, refusalOf, signJwt } from './world.ts'

const BITS = 131_072
const LISTS = {
  revocation: 'https://status.example/revoked',
  suspension: 'https://status.example/suspended',
}
type Purpose = keyof typeof LISTS
const INDEX = 94_567

let world: W3cWorld
beforeAll(() => {
  world = createW3cWorld()
})

/** The first index is the most significant bit. */
function bitsWith(set: readonly number[], bits = BITS): Buffer {
  const bytes = Buffer.alloc(bits / 8)
  for (const index of set) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (0x80 >> (index & 7))
  return bytes
}
const encodedOf = (bytes: Uint8Array) => `u${gzipSync(bytes).toString('base64url')}`

interface Forgery {
  payload?: object
  subject?: object
  header?: object
  key?: ReturnType<typeof newKey>
  contentType?: string
}

/** A list as it is answered, with these indexes on it. */
function listOf(purpose: Purpose, set: readonly number[], forgery: Forgery = {}) {
  const { payload, subject, header, key = world.issuerKey } = forgery
  const credential = {
    ...{ '@context': [V2], id: LISTS[purpose], issuer: world.issuer },
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    ...{ validFrom: iso(NOW - 60_000), validUntil: iso(NOW + DAY) },
    credentialSubject: {
      ...{ id: `${LISTS[purpose]}#list`, type: 'BitstringStatusList', statusPurpose: purpose },
      encodedList: encodedOf(bitsWith(set)),
      ...subject,
    },
    ...payload,
  }
  const token = signJwt({ alg: 'ES256', typ: 'vc+jwt', ...header }, credential, key)
  const { contentType = 'application/vc+jwt' } = forgery
  return { body: Buffer.from(token), contentType }
}

const entryOf = (purpose: string, members: object = {}) => ({
  ...{ type: 'BitstringStatusListEntry', statusPurpose: purpose },
  ...{ statusListIndex: `${INDEX}`, statusListCredential: LISTS[purpose as Purpose] },
  ...members,
})
const BOTH = [entryOf('revocation'), entryOf('suspension')]

interface Shown {
  credentialStatus?: unknown
  /** In the words of any JWT. */
  status?: unknown
  documents?: Record<string, unknown>
  entry?: object
  now?: number
}

async function show({ credentialStatus = BOTH, status, now = NOW, ...shown }: Shown = {}) {
  const { entry = {}, documents = honest() } = shown
  const credential = await issueVc(world, '2.0', {
    ...{ credential: { credentialStatus }, payload: status === undefined ? {} : { status } },
  })
  const credentials = [{ id: 'degree', format: 'jwt_vc_json', meta: { type_values: [[DEGREE]] } }]
  const revoked: RevokedCredential[] = []
  const means = createMeans(documents)
  const question = {
    vpToken: new Map([['degree', [await presentVc(world, '2.0', credential)]]]),
    query: DcqlQuery.parse({ credentials }),
    trust: prepareTrust(TrustPolicy.parse({ entries: [trustEntry(world, { ...entry })] })),
    ...{ nonce: NONCE, channel: CHANNEL, notBefore: now, now },
    onRevoked: (one: RevokedCredential) => void revoked.push(one),
  }
  try {
    const { standings } = await verifyPresentations(question, means)
    return { reason: undefined, standings, revoked, asked: means.asked }
  } catch (error) {
    const reason = await refusalOf(() => Promise.reject(error))
    return { reason, standings: [], revoked, asked: means.asked }
  }
}

const honest = (members: { revoked?: number[]; suspended?: number[] } = {}) => ({
  [LISTS.revocation]: listOf('revocation', members.revoked ?? [INDEX - 1, INDEX + 1]),
  [LISTS.suspension]: listOf('suspension', members.suspended ?? [0]),
})

describe('a list', () => {
  it('TS-04 is read as the recommendation prints it (example 3), all of it good', () => {
    const list = openBitstringList(
      {
        ...{ type: 'BitstringStatusList', statusPurpose: 'revocation' },
        encodedList: 'uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA',
      },
      'revocation',
    )
    expect(Buffer.alloc(BITS / 8).equals(list.bytes)).toBe(true)
    expect(bitAt(list, BITS - 1)).toBe('valid')
  })

  it('TS-04 counts from the most significant bit of each octet', () => {
    const set = [0, 9, BITS - 1]
    const subject = { type: 'BitstringStatusList', statusPurpose: ['suspension', 'revocation'] }
    const list = openBitstringList(
      { ...subject, encodedList: encodedOf(bitsWith(set)) },
      'revocation',
    )
    expect([list.bytes[0], list.bytes[1]]).toEqual([0x80, 0x40])
    for (const index of [0, 1, 7, 8, 9, 10, BITS - 2, BITS - 1])
      expect(bitAt(list, index)).toBe(set.includes(index) ? 'invalid' : 'valid')
  })
})

describe('a credential', () => {
  it('TS-06 that is on no list is taken, and each list is asked for as a whole', async () => {
    const { reason, asked } = await show()
    expect([reason, asked.toSorted()]).toEqual([undefined, Object.values(LISTS).toSorted()])
  })

  it.each([
    ['revoked', { revoked: [INDEX] }, 'credential_revoked'],
    ['suspended', { suspended: [INDEX] }, 'credential_suspended'],
    ['both', { revoked: [INDEX], suspended: [INDEX] }, 'credential_revoked'],
  ])('TS-06, TS-13 that is %s is refused', async (_, members, reason) => {
    expect((await show({ documents: honest(members) })).reason).toBe(reason)
  })

  it('TS-13 may be looked up again later, in each of its lists; one that is revoked is told of', async () => {
    const entry = { statusRecheckHours: 24 }
    const { standings } = await show({ entry })
    expect(standings).toMatchObject(
      (['revocation', 'suspension'] as const).map((purpose) => ({
        ...{ uri: LISTS[purpose], index: INDEX, purpose },
      })),
    )
    const { revoked } = await show({ entry, documents: honest({ revoked: [INDEX] }) })
    expect(revoked[0]?.reference).toMatchObject({ uri: LISTS.revocation, purpose: 'revocation' })
    // Where policy does not want links looked after, nobody is told, and nothing is kept.
    expect((await show({ documents: honest({ revoked: [INDEX] }) })).revoked).toEqual([])
    expect((await show()).standings).toEqual([])
  })

  it('TS-11 may be shown with four others, of two lists each that nobody asked for before', async () => {
    const documents: Record<string, unknown> = {}
    const shown: string[] = []
    for (const number of [1, 2, 3, 4, 5]) {
      const credentialStatus = (['revocation', 'suspension'] as const).map((purpose) => {
        const id = `${LISTS[purpose]}/${number}`
        documents[id] = listOf(purpose, [], { payload: { id } })
        return entryOf(purpose, { statusListCredential: id })
      })
      const credential = await issueVc(world, '2.0', { credential: { credentialStatus } })
      shown.push(await presentVc(world, '2.0', credential))
    }
    const meta = { type_values: [[DEGREE]] }
    const credentials = [{ id: 'degree', format: 'jwt_vc_json', multiple: true, meta }]
    const means = createMeans(documents)
    const question = {
      vpToken: new Map([['degree', shown]]),
      query: DcqlQuery.parse({ credentials }),
      trust: prepareTrust(TrustPolicy.parse({ entries: [trustEntry(world)] })),
      ...{ nonce: NONCE, channel: CHANNEL, notBefore: NOW, now: NOW },
    }
    const { credentials: verified } = await verifyPresentations(question, means)
    expect([verified.length, means.asked.length]).toEqual([5, 10])
  })

  it('TS-10 of which one list cannot be had is refused', async () => {
    const documents = { [LISTS.revocation]: listOf('revocation', []) }
    expect((await show({ documents })).reason).toBe('status_unavailable')
  })

  it('TS-10 may say it in the words of any JWT as well, and both count', async () => {
    const status = { status_list: { uri: 'https://status.example/3', idx: 1 } }
    expect((await show({ status })).reason).toBe('status_unavailable')
    expect((await show({ credentialStatus: BOTH, status: {} })).reason).toBe('status_not_supported')
  })

  it('may be told of a newer one, which says nothing of it', async () => {
    const credentialStatus = [entryOf('refresh', { statusListCredential: 'https://x.example' })]
    expect((await show({ credentialStatus })).asked).toEqual([])
    const entry = { status: 'require' }
    expect((await show({ credentialStatus, entry })).reason).toBe('status_missing')
  })

  it.each<[string, unknown, string]>([
    ['of another kind', [{ type: 'StatusList2021Entry' }], 'status_not_supported'],
    ['for a message', [entryOf('message')], 'status_not_supported'],
    ['of two bits', [entryOf('revocation', { statusSize: 2 })], 'status_not_supported'],
    ['that is text', 'revoked', 'status_not_supported'],
    [
      'without a number',
      [entryOf('revocation', { statusListIndex: INDEX })],
      'malformed_presentation',
    ],
    [
      'below the first',
      [entryOf('revocation', { statusListIndex: '-1' })],
      'malformed_presentation',
    ],
    ['in between', [entryOf('revocation', { statusListIndex: '1.5' })], 'malformed_presentation'],
    [
      'without a list',
      [entryOf('revocation', { statusListCredential: 7 })],
      'malformed_presentation',
    ],
    ['nowhere', [], 'malformed_presentation'],
    ['in nine places', Array.from({ length: 9 }, () => BOTH[0]), 'malformed_presentation'],
    ['good, beside one that is not', [BOTH[0], { type: 'X' }], 'status_not_supported'],
  ])(
    'TS-05 with an entry %s is refused, and nobody is asked',
    async (_, credentialStatus, reason) => {
      const shown = await show({ credentialStatus })
      expect([shown.reason, shown.asked]).toEqual([reason, []])
    },
  )
})

describe('a list that conforms in another way', () => {
  const large = randomBytes(256 * 1024)
  large[INDEX >> 3] = 0
  const older = (set: readonly number[]) => {
    const vc = {
      ...{ '@context': [V1], type: ['VerifiableCredential', 'BitstringStatusListCredential'] },
      credentialSubject: {
        ...{ type: 'BitstringStatusList', statusPurpose: 'revocation' },
        encodedList: encodedOf(bitsWith(set)),
      },
    }
    const claims = { iss: world.issuer, jti: LISTS.revocation, nbf: NOW / 1000 - 60, vc }
    const token = signJwt({ alg: 'ES256', typ: 'JWT' }, claims, world.issuerKey)
    return { body: Buffer.from(token), contentType: 'application/jwt' }
  }
  const withPayload = (payload: object) => (set: readonly number[]) =>
    listOf('revocation', set, { payload })
  const rows: [string, (set: readonly number[]) => unknown][] = [
    ['TS-03 without an id', withPayload({ id: undefined })],
    ['TS-03 without a time', withPayload({ validFrom: undefined })],
    ['TS-03 of 1.1, with its id in the JWT alone', older],
    [
      'TS-02 with the typ of drafts',
      (set) =>
        listOf('revocation', set, {
          ...{ header: { typ: 'vc-ld+jwt' }, contentType: 'application/vc-ld+jwt' },
        }),
    ],
    ['TS-02 without a typ', (set) => listOf('revocation', set, { header: { typ: undefined } })],
    [
      'TS-09 that packs badly, of 256 KiB',
      (set) => {
        const bytes = Buffer.from(large)
        if (set.length > 0) bytes[INDEX >> 3] = 0xff
        return listOf('revocation', set, { subject: { encodedList: encodedOf(bytes) } })
      },
    ],
  ]
  it.each(rows)('%s is read', async (_, make) => {
    const good = { ...honest(), [LISTS.revocation]: make([]) }
    expect((await show({ documents: good })).reason).toBeUndefined()
    const bad = { ...honest(), [LISTS.revocation]: make([INDEX]) }
    expect((await show({ documents: bad })).reason).toBe('credential_revoked')
  })
})

test('TR-21 of two lists without a time neither is the older one; one with a time does not give way to one without', async () => {
  const trust = prepareTrust(TrustPolicy.parse({ entries: [trustEntry(world)] }))
  const [prepared] = trust.entries
  if (prepared === undefined) throw new RangeError('no entry')
  const issuer = { entry: prepared.entry, issuer: `uni#${world.issuer}` }
  const reference = { uri: LISTS.revocation, index: INDEX, purpose: 'revocation' } as const
  const documents: Record<string, unknown> = {}
  const means = createMeans(documents)
  const look = async (minutes: number, set: readonly number[], payload: object = {}) => {
    documents[LISTS.revocation] = listOf('revocation', set, { payload })
    const at = { trust, now: NOW + minutes * 60_000 }
    return (await lookUpStatus(reference, issuer, at, means)).value
  }
  const undated = { validFrom: undefined }
  expect(await look(0, [], undated)).toBe('valid')
  expect(await look(6, [INDEX], undated)).toBe('invalid')
  expect(await look(12, [INDEX])).toBe('invalid')
  expect(await refusalOf(() => look(18, [], undated))).toBe('status_unavailable')
})

describe('whether a list is believed', () => {
  const rows: [string, () => Forgery][] = [
    ['TS-08 signed by another key', () => ({ key: newKey() })],
    [
      'TS-08 signed by another issuer under his own name',
      () => {
        const key = newKey()
        return { key, payload: { issuer: didJwkOf(key) } }
      },
    ],
    ['TS-03 of another address', () => ({ payload: { id: LISTS.suspension } })],
    [
      'TS-03 of another address as the JWT calls it',
      () => ({ payload: { id: undefined, jti: LISTS.suspension } }),
    ],
    ['TS-03 whose address is no text', () => ({ payload: { id: null } })],
    ['TS-03 past its end', () => ({ payload: { validUntil: iso(NOW - 60_000) } })],
    ['TS-03 from the future', () => ({ payload: { validFrom: iso(NOW + 61_000) } })],
    [
      'TS-02 of no typ, below the older context',
      () => ({ header: { typ: undefined }, payload: { '@context': [V1] } }),
    ],
    [
      'TS-02 of no typ, with an older claim',
      () => ({ header: { typ: undefined }, payload: { vp: {} } }),
    ],
    ['TS-02 that is another credential', () => ({ payload: { type: ['VerifiableCredential'] } })],
    ['TS-02 of another typ', () => ({ header: { typ: 'statuslist+jwt' } })],
    ['TS-02 of another subject', () => ({ subject: { type: 'StatusList2021' } })],
    ['TS-06 for another purpose', () => ({ subject: { statusPurpose: 'suspension' } })],
    ['TS-06 for no purpose', () => ({ subject: { statusPurpose: undefined } })],
    ['TS-07 with a time to live that is text', () => ({ subject: { ttl: '300000' } })],
    ['TS-04 without a list', () => ({ subject: { encodedList: undefined } })],
    [
      'TS-04 in another base',
      () => ({ subject: { encodedList: encodedOf(bitsWith([])).replace('u', 'z') } }),
    ],
    [
      'TS-04 not packed',
      () => ({ subject: { encodedList: `u${Buffer.alloc(BITS / 8).toString('base64url')}` } }),
    ],
    [
      'TS-04 with octets behind it',
      () => {
        const packed = Buffer.concat([gzipSync(bitsWith([])), Buffer.of(0)])
        return { subject: { encodedList: `u${packed.toString('base64url')}` } }
      },
    ],
    ['TS-04 too short', () => ({ subject: { encodedList: encodedOf(bitsWith([], BITS - 8)) } })],
    [
      'TS-09 row 17 of five mebibytes, packed',
      () => ({ subject: { encodedList: encodedOf(Buffer.alloc(5 * 1024 * 1024)) } }),
    ],
  ]
  it.each(rows)('%s, no login', async (_, forgery) => {
    const documents = { ...honest(), [LISTS.revocation]: listOf('revocation', [], forgery()) }
    expect((await show({ documents })).reason).toBe('status_list_invalid')
  })

  it('TS-05 nor is a place beyond its end', async () => {
    const entry = entryOf('revocation', { statusListIndex: `${BITS}` })
    expect((await show({ credentialStatus: entry })).reason).toBe('status_list_invalid')
  })

  it('TS-02 a status list of the other kind does not stand in its place, whatever it is called', async () => {
    const status = { status_list: { uri: LISTS.revocation, idx: 1 } }
    const contentType = 'application/statuslist+jwt'
    const documents = { ...honest(), [LISTS.revocation]: listOf('revocation', [], { contentType }) }
    expect((await show({ status, documents })).reason).toBe('status_list_invalid')
  })
})
