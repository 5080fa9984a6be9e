import { beforeAll, describe, expect, it } from 'vitest'
import { createIssuer, DEMO_PERSON, type Issuer } from '../../demo/issuer.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import { AttributePolicy } from '../../src/domain/attributes.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { type PresentationQuestion, verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import {
  CHANNEL,
  createMeans,
  NONCE,
  NOW,
  newKey,
  presentTo,
  QUERY,
  refusalOf,
  VCT,
} from './world.ts'

const PID = 'urn:eudi:pid:1'
const ORIGIN = 'https://bridge.example'
const BOTH = DcqlQuery.parse({
  credentials: [
    { ...QUERY.credentials[0] },
    {
      id: 'pid',
      format: 'dc+sd-jwt',
      meta: { vct_values: [PID] },
      claims: [{ path: ['birthdate'] }],
    },
  ],
  credential_sets: [{ options: [['eduid']] }, { options: [['pid']], required: false }],
})

const means = createMeans()
let issuer: Issuer
let pidIssuer: Issuer
let alice: Wallet
let credential: string
let pid: string
let policy: ReturnType<typeof prepareTrust>
beforeAll(async () => {
  issuer = createIssuer({ now: NOW })
  pidIssuer = createIssuer({ now: NOW, url: 'https://pid.example', vct: PID })
  alice = createWallet()
  credential = await issuer.issue(DEMO_PERSON, alice.publicJwk)
  pid = await pidIssuer.issue(DEMO_PERSON, alice.publicJwk)
  const entries = [...issuer.trustPolicy().entries, ...pidIssuer.trustPolicy({ id: 'pid' }).entries]
  policy = prepareTrust(TrustPolicy.parse({ entries }))
})

const show = (text: string, forgery = {}) => presentTo({ wallet: alice }, text, forgery)

function verify(vpToken: Record<string, string[]>, members: Partial<PresentationQuestion> = {}) {
  const question = {
    vpToken: new Map(Object.entries(vpToken)),
    query: QUERY,
    trust: policy,
    nonce: NONCE,
    channel: CHANNEL,
    notBefore: NOW - 30_000,
    now: NOW,
    ...members,
  }
  return verifyPresentations(question, means)
}

describe('a whole answer', () => {
  it('VP-063 gives the claims that were asked for and no other', async () => {
    const { credentials, holder } = await verify({ eduid: [show(credential)] })
    expect(credentials).toHaveLength(1)
    expect(credentials[0]).toEqual({
      queryId: 'eduid',
      format: 'dc+sd-jwt',
      type: VCT,
      trustEntry: 'demo',
      issuer: `demo#${issuer.url}`,
      claims: { given_name: DEMO_PERSON.given_name, email: DEMO_PERSON.email },
      publicJwk: alice.publicJwk,
      holderThumbprint: holder?.thumbprint,
    })
    expect(holder?.publicJwk).toEqual(alice.publicJwk)
    expect(JSON.stringify(credentials)).not.toContain(DEMO_PERSON.birthdate)
  })

  it('VP-058 may leave out what no required set needs', async () => {
    expect((await verify({ eduid: [show(credential)] }, { query: BOTH })).credentials).toHaveLength(
      1,
    )
  })

  it('VP-095 may prove two credentials of one holder', async () => {
    const { credentials } = await verify(
      { pid: [show(pid)], eduid: [show(credential)] },
      { query: BOTH },
    )
    expect(credentials.map((one) => [one.queryId, one.trustEntry])).toEqual([
      ['eduid', 'demo'],
      ['pid', 'pid'],
    ])
  })
})

describe('refused answers', () => {
  const rows: [string, () => [Record<string, string[]>, Partial<PresentationQuestion>?], string][] =
    [
      ['VP-090 an unknown query id', () => [{ pid: [show(pid)] }], 'unexpected_credential'],
      [
        'VP-090 an inherited name as query id',
        () => [{ toString: [show(credential)] }],
        'unexpected_credential',
      ],
      [
        'VP-091 two presentations for one',
        () => [{ eduid: [show(credential), show(credential)] }],
        'unexpected_credential',
      ],
      ['VP-092 an empty list', () => [{ eduid: [] }], 'unexpected_credential'],
      ['VP-058 nothing at all', () => [{}], 'query_not_satisfied'],
      [
        'VP-058 only what nobody needs',
        () => [{ pid: [show(pid)] }, { query: BOTH }],
        'query_not_satisfied',
      ],
      [
        'VP-057 a claim missing',
        () => [{ eduid: [show(`${credential.split('~')[0]}~`)] }],
        'query_not_satisfied',
      ],
      [
        'VP-057 a value that was not asked for',
        () => [
          { eduid: [show(credential)] },
          { query: asking({ claims: [{ path: ['given_name'], values: ['Bob'] }] }) },
        ],
        'query_not_satisfied',
      ],
      ['VP-057 another type', () => [{ eduid: [show(pid)] }], 'unexpected_credential'],
      [
        'VP-057, HA-06 another authority',
        () => [
          { eduid: [show(credential)] },
          { query: asking({ trusted_authorities: [{ type: 'aki', values: ['AAAA'] }] }) },
        ],
        'unexpected_credential',
      ],
      [
        'VP-094 a stale nonce in the second credential',
        () => [
          { eduid: [show(credential)], pid: [show(pid, { nonce: 'stale' })] },
          { query: BOTH },
        ],
        'nonce_mismatch',
      ],
      [
        'VP-094 another audience in the second credential',
        () => [
          { eduid: [show(credential)], pid: [show(pid, { audience: 'x509_hash:other' })] },
          { query: BOTH },
        ],
        'audience_mismatch',
      ],
      [
        'VP-093 an invalid presentation that no set needs',
        () => [
          { eduid: [show(credential)], pid: [show(pid, { bindingKey: newKey() })] },
          { query: BOTH },
        ],
        'key_binding_invalid',
      ],
      [
        'VP-130 the answer to another session',
        () => [{ eduid: [show(credential)] }, { nonce: 'of-another-session' }],
        'nonce_mismatch',
      ],
      [
        'VP-130 the answer to another tenant',
        () => [
          { eduid: [show(credential)] },
          { channel: { ...CHANNEL, clientId: 'x509_hash:tenant-b' } },
        ],
        'audience_mismatch',
      ],
      [
        'VP-091 the same presentation twice, where several may be',
        () => {
          const same = show(credential)
          return [{ eduid: [same, same] }, { query: asking({ multiple: true }) }]
        },
        'unexpected_credential',
      ],
      ...[
        ['VP-119 another origin', 'origin:https://phisher.example'],
        ['VP-119 another port', `origin:${ORIGIN}:8443`],
        ['VP-119 our origin over http', 'origin:http://bridge.example'],
        ['VP-119 a slash behind it', `origin:${ORIGIN}/`],
        ['VP-119 our origin without its prefix', ORIGIN],
        ['VP-119 the client identifier', CHANNEL.clientId],
        ['VP-141 the prefix of draft 24', `web-${'origin'}:${ORIGIN}`],
      ].map(([title = '', audience = '']): (typeof rows)[number] => [
        `${title}, asked through the browser`,
        () => [
          { eduid: [show(credential, { audience })] },
          { channel: { kind: 'dc_api', origin: ORIGIN } },
        ],
        'audience_mismatch',
      ]),
      [
        'VP-116 the answer to the browser, brought by the link',
        () => [{ eduid: [show(credential, { audience: `origin:${ORIGIN}` })] }],
        'audience_mismatch',
      ],
      [
        'row 18 seventeen presentations',
        () => [
          { eduid: Array.from({ length: 17 }, () => show(credential)) },
          { query: asking({ multiple: true }) },
        ],
        'too_large',
      ],
    ]
  it.each(rows)('%s', async (_, attempt, reason) => {
    const [vpToken, members] = attempt()
    expect(await refusalOf(() => verify(vpToken, members))).toBe(reason)
  })

  it('row 57, VP-095 credentials of two people are refused though each is valid', async () => {
    const bob = createWallet()
    const foreign = presentTo({ wallet: bob }, await pidIssuer.issue(DEMO_PERSON, bob.publicJwk))
    const vpToken = { eduid: [show(credential)], pid: [foreign] }
    expect(await refusalOf(() => verify(vpToken, { query: BOTH }))).toBe('holder_conflict')
  })

  it('row 57, VP-095 credentials of two keys are one person’s where policy says by what, and they state it alike', async () => {
    const later = createWallet()
    const wanted = DcqlQuery.parse({
      credentials: BOTH.credentials.map((one) => ({
        ...one,
        claims: [{ path: ['given_name'] }, { path: ['family_name'] }],
      })),
    })
    const attributes = AttributePolicy.parse({
      rules: ['given_name', 'family_name'].map((name) => ({
        ...{ name, merge: 'WALLET_ONLY', wallet: [name] },
      })),
      samePerson: ['given_name', 'family_name'],
    })
    const beside = async (person: object, members = {}) => {
      const own = await pidIssuer.issue({ ...DEMO_PERSON, ...person }, later.publicJwk)
      const vpToken = { eduid: [show(credential)], pid: [presentTo({ wallet: later }, own)] }
      return verify(vpToken, { query: wanted, attributes, ...members })
    }
    const proved = await beside({})
    expect(proved.holder).toBeUndefined()
    expect(new Set(proved.credentials.map((one) => one.holderThumbprint)).size).toBe(2)
    expect(await refusalOf(() => beside({ family_name: 'Bakker' }))).toBe('holder_conflict')
    const { samePerson: _, ...silent } = attributes
    expect(await refusalOf(() => beside({}, { attributes: silent }))).toBe('holder_conflict')
    // What was not asked for proves nothing, though it is shown.
    const [eduid, other] = wanted.credentials
    const less = { credentials: [eduid, { ...other, claims: [{ path: ['given_name'] }] }] }
    const query = DcqlQuery.parse(less)
    expect(await refusalOf(() => beside({}, { query }))).toBe('holder_conflict')
  })

  it('row 56, VP-134 the presentation of another verifier, re-encrypted to us, is refused', async () => {
    const stolen = show(credential, { audience: 'x509_hash:attacker', nonce: 'of-the-attacker' })
    expect(await refusalOf(() => verify({ eduid: [stolen] }))).toBe('nonce_mismatch')
  })

  it('VP-134 nothing is fetched for an answer that is refused', () =>
    expect(means.asked).toEqual([]))
})

function asking(members: object): DcqlQuery {
  return DcqlQuery.parse({
    credentials: [{ ...QUERY.credentials[0], claims: undefined, ...members }],
  })
}
