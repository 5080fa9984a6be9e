import { createPublicKey } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createIssuer, DEMO_PERSON, EDUID_VCT } from '../../demo/issuer.ts'
import { createWallet } from '../../demo/wallet.ts'
import { signCompact } from '../../src/crypto/jws.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { FederationError } from '../../src/wallet/entity-statement.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { type ResolvedEntity, resolveChain } from '../../src/wallet/trust-chain.ts'
import {
  aboutAt,
  asIssuer,
  asSuperior,
  configurationAt,
  configurationOf,
  createEntity,
  type Entity,
  jwksOf,
  type StatementForgery,
  statementBy,
} from './federation.ts'
import { CHANNEL, createMeans, DAY, NONCE, NOW, presentTo, QUERY, refusalOf } from './world.ts'

const SECOND = NOW / 1000
const issuer = createIssuer({ now: NOW, url: 'https://leaf.example.org' })
const anchor = createEntity('https://top.example', 'RS256')
const between = createEntity('https://org.example')
const leaf = createEntity('https://leaf.example.org')
const stranger = createEntity('https://stranger.example')
/** What credentials are signed with, by the name that their header has for it. */
const signer = { key: issuer.privateKey, kid: String(issuer.metadata().jwks.keys[0]?.kid) }
const anchors = [
  { entity: anchor.id, keys: [{ kid: anchor.kid, key: createPublicKey(anchor.key) }] },
]

interface Forgeries {
  leaf?: StatementForgery & { hints?: readonly Entity[] }
  /** By the intermediate about the leaf; by the anchor about the intermediate. */
  about?: StatementForgery
  above?: StatementForgery
  top?: StatementForgery
}

/** Leaf, intermediate and anchor; the claims of a forgery come on top of the honest ones. */
function chainWith(forgeries: Forgeries = {}): string[] {
  const { leaf: own = {}, about = {}, above = {}, top = {} } = forgeries
  return [
    configurationOf(leaf, NOW, {
      ...{ hints: [between], ...own },
      claims: { ...asIssuer(signer), ...own.claims },
    }),
    statementBy(between, leaf, NOW, about),
    statementBy(anchor, between, NOW, above),
    configurationOf(anchor, NOW, { ...top, claims: { ...asSuperior(anchor), ...top.claims } }),
  ]
}

const resolve = (forgeries: Forgeries = {}, marks: readonly string[] = []): ResolvedEntity =>
  resolveChain(chainWith(forgeries), anchors, NOW, marks)
const TYPE = 'openid_credential_issuer'

describe('a trust chain (OpenID Federation 1.0 section 10.2)', () => {
  it('TR-30 proves what the leaf says, until the first of its statements ends', () => {
    const resolved = resolve({ above: { claims: { exp: SECOND + 60 } } })
    expect(resolved).toMatchObject({
      subject: leaf.id,
      superiors: [between.id, anchor.id],
      metadata: { [TYPE]: { jwks: jwksOf(signer) } },
      expiresAt: NOW + 60_000,
    })
  })

  it.each<[string, Forgeries]>([
    ['of another type', { leaf: { header: { typ: 'JWT' } } }],
    ['without a key’s name', { about: { header: { kid: undefined } } }],
    ['under another key’s name', { about: { header: { kid: 'x' } } }],
    ['that has ended', { above: { claims: { exp: SECOND } } }],
    ['from the future', { about: { claims: { iat: SECOND + 120 } } }],
    ['without an end', { top: { claims: { exp: undefined } } }],
    ['without keys', { about: { claims: { jwks: { keys: [] } } } }],
    [
      'with one key’s name for two',
      { about: { claims: { jwks: jwksOf(leaf, { ...leaf, key: between.key }) } } },
    ],
    ['with a claim that must be understood', { about: { claims: { crit: ['x'], x: 1 } } }],
    ['of a leaf that names no superior', { leaf: { hints: [] } }],
    ['of a leaf that names another', { leaf: { hints: [stranger] } }],
    ['of a leaf by somebody else', { leaf: { claims: { iss: between.id } } }],
    ['about somebody else', { about: { claims: { sub: stranger.id } } }],
    ['by somebody else', { about: { claims: { iss: stranger.id } } }],
    [
      'signed by a stranger under the right name',
      { about: { signer: { ...stranger, kid: between.kid } } },
    ],
    [
      'of the anchor, signed by a stranger under its key’s name',
      { above: { signer: { ...stranger, kid: anchor.kid } } },
    ],
    [
      'of a leaf, signed by a stranger under its key’s name',
      { leaf: { signer: { ...stranger, kid: leaf.kid } } },
    ],
    [
      'of a leaf that names another key than it signs with',
      { leaf: { claims: { jwks: jwksOf({ ...leaf, key: stranger.key }) } } },
    ],
    ['signed by the leaf itself', { about: { signer: { ...leaf, kid: between.kid } } }],
    ['for other keys than the leaf signs with', { about: { claims: { jwks: jwksOf(stranger) } } }],
    ['of an anchor with another key', { top: { signer: { ...stranger, kid: anchor.kid } } }],
    [
      'beyond the length that is allowed',
      { above: { claims: { constraints: { max_path_length: 0 } } } },
    ],
    [
      'beyond the names that are allowed',
      {
        above: { claims: { constraints: { naming_constraints: { permitted: ['.example.net'] } } } },
      },
    ],
    [
      'with names that are excluded',
      {
        about: { claims: { constraints: { naming_constraints: { excluded: ['.example.org'] } } } },
      },
    ],
    [
      'against a policy',
      {
        above: {
          claims: { metadata_policy: { [TYPE]: { credential_issuer: { one_of: ['y'] } } } },
        },
      },
    ],
    [
      'of policies that contradict each other',
      {
        above: { claims: { metadata_policy: { [TYPE]: { a: { value: 1 } } } } },
        about: { claims: { metadata_policy: { [TYPE]: { a: { value: 2 } } } } },
      },
    ],
    [
      'with an operator that must be understood',
      {
        about: {
          claims: {
            metadata_policy: { [TYPE]: { a: { regexp: 'x' } } },
            metadata_policy_crit: ['regexp'],
          },
        },
      },
    ],
  ])('TR-30 one %s is refused', (_, forgeries) => {
    expect(() => resolve(forgeries)).toThrow(FederationError)
  })

  it('TR-30 policies are the superior’s first, and what a superior says stands in place of what the leaf says', () => {
    const { metadata } = resolve({
      above: { claims: { metadata_policy: { [TYPE]: { a: { subset_of: ['x', 'y'] } } } } },
      about: {
        claims: {
          metadata: { [TYPE]: { a: ['y', 'z'], b: 1 }, other: { c: 1 } },
          metadata_policy: { [TYPE]: { a: { add: ['x'] } } },
        },
      },
    })
    expect(metadata).toMatchObject({ [TYPE]: { a: ['y', 'x'], b: 1 } })
    expect(Object.keys(metadata)).toEqual([TYPE])
  })

  it('TR-30 kinds that a superior does not allow are nobody’s', () => {
    const constraints = { allowed_entity_types: ['openid_provider'] }
    expect(resolve({ above: { claims: { constraints } } }).metadata).toEqual({})
  })

  it('TR-30 an anchor right above is a chain; a leaf alone, a circle and one too long are none', () => {
    const [, , , top = ''] = chainWith()
    const own = configurationOf(leaf, NOW, { hints: [anchor], claims: asIssuer(signer) })
    const about = statementBy(anchor, leaf, NOW)
    expect(resolveChain([own, about, top], anchors, NOW).superiors).toEqual([anchor.id])
    const [below = '', up = ''] = chainWith()
    const round = statementBy(leaf, between, NOW)
    const again = statementBy(between, leaf, NOW)
    const over = statementBy(anchor, between, NOW)
    const chains = [
      [own, top],
      [below, up, round, again, over, top],
      [below, up, round, again, round, again, over, top],
    ]
    for (const chain of chains) {
      expect(() => resolveChain(chain, anchors, NOW)).toThrow(FederationError)
    }
  })
})

describe('trust marks', () => {
  const MARK = 'https://marks.example/good'
  function mark(claims: object = {}, by = anchor, typ = 'trust-mark+jwt'): string {
    const said = { iss: by.id, sub: leaf.id, trust_mark_type: MARK, iat: SECOND, exp: SECOND + 30 }
    return signCompact({
      ...{ header: { typ, kid: by.kid }, key: by.key, algorithm: by.algorithm },
      payload: { ...said, ...claims },
    })
  }
  const marked = (
    trust_mark: string,
    rules: object = { trust_mark_issuers: { [MARK]: [anchor.id] } },
  ) =>
    resolve(
      {
        leaf: { claims: { trust_marks: [{ trust_mark_type: MARK, trust_mark }] } },
        top: { claims: rules },
      },
      [MARK],
    )

  it('TR-30 one that policy wants, by whom the anchor lets issue it; the chain ends with it', () => {
    expect(marked(mark()).expiresAt).toBe(NOW + 30_000)
  })

  it('TR-30 where anybody may issue it, a superior of the chain may', () => {
    const rules = { trust_mark_issuers: { [MARK]: [] } }
    expect(marked(mark({}, between), rules).expiresAt).toBe(NOW + 30_000)
  })

  it.each<[string, () => ResolvedEntity]>([
    [
      'that the leaf issues itself, where anybody may',
      () => marked(mark({}, leaf), { trust_mark_issuers: { [MARK]: [] } }),
    ],
    [
      'that the leaf issues itself, though the anchor names it',
      () => marked(mark({}, leaf), { trust_mark_issuers: { [MARK]: [leaf.id] } }),
    ],
    ['that is not there', () => resolve({}, [MARK])],
    ['of another leaf', () => marked(mark({ sub: between.id }))],
    ['that has ended', () => marked(mark({ exp: SECOND }))],
    ['of another type', () => marked(mark({ trust_mark_type: 'x' }))],
    ['by another issuer', () => marked(mark({}, between))],
    [
      'signed by a stranger',
      () => marked(mark({}, { ...stranger, id: anchor.id, kid: anchor.kid })),
    ],
    ['that is another token', () => marked(mark({}, anchor, 'JWT'))],
    ['that nobody may issue', () => marked(mark(), {})],
    [
      'that belongs to somebody',
      () =>
        marked(mark(), {
          trust_mark_issuers: { [MARK]: [anchor.id] },
          trust_mark_owners: { [MARK]: {} },
        }),
    ],
  ])('TR-30 one %s is refused', (_, attempt) => {
    expect(attempt).toThrow(FederationError)
  })
})

describe('an issuer of a federation', () => {
  const wallet = createWallet()
  let documents: Record<string, unknown>
  let means: ReturnType<typeof createMeans>
  beforeEach(() => {
    documents = {}
    serve()
    means = createMeans(documents)
  })

  function serve(hints: readonly Entity[] = [between]): void {
    const [, about, above, top] = chainWith()
    documents[configurationAt(leaf)] = configurationOf(leaf, NOW, {
      hints,
      claims: asIssuer(signer),
    })
    documents[configurationAt(between)] = configurationOf(between, NOW, {
      ...{ hints: [anchor], claims: asSuperior(between) },
    })
    documents[configurationAt(anchor)] = top
    documents[aboutAt(between, leaf)] = about
    documents[aboutAt(anchor, between)] = above
  }

  const entry = (members: object = {}) => ({
    ...{ id: 'fed', format: 'dc+sd-jwt', vct: [EDUID_VCT], mechanism: 'openid-federation' },
    trustAnchors: [{ entity: anchor.id, keys: jwksOf(anchor).keys }],
    issuers: [leaf.id],
    ...members,
  })
  const policyOf = (members: object = {}) => TrustPolicy.parse({ entries: [entry(members)] })

  async function show(options: { members?: object; now?: number; query?: DcqlQuery } = {}) {
    const { members = {}, now = NOW, query = QUERY } = options
    const credential = await issuer.issue(DEMO_PERSON, wallet.publicJwk, {
      mechanism: 'jwt-vc-issuer',
    })
    const shown = presentTo({ wallet }, credential, { issuedAt: Math.floor(now / 1000) - 5 })
    return await verifyPresentations(
      {
        ...{ vpToken: new Map([['eduid', [shown]]]), query, nonce: NONCE, channel: CHANNEL },
        ...{ trust: prepareTrust(policyOf(members)), notBefore: now - 30_000, now },
      },
      means,
    )
  }
  const HOUR = 3_600_000

  it('TR-30 is believed by the keys that its chain proves', async () => {
    const { credentials, leniences } = await show()
    expect([credentials[0]?.issuer, leniences]).toEqual([`fed#${leaf.id}`, []])
    expect(means.asked).toEqual([
      configurationAt(leaf),
      configurationAt(between),
      aboutAt(between, leaf),
      configurationAt(anchor),
      aboutAt(anchor, between),
    ])
  })

  it('TR-30 is asked for once an hour, and the next process asks nobody', async () => {
    await Promise.all([show(), show(), show()])
    await show({ now: NOW + HOUR - 1 })
    expect(means.asked).toHaveLength(5)
    means = { ...createMeans(), answers: means.answers }
    await show({ now: NOW + HOUR - 1 })
    expect(means.asked).toEqual([])
  })

  it('TR-04 past the hour its keys count within the grace, never past the end of its chain', async () => {
    await show()
    means = { ...createMeans(), answers: means.answers }
    const members = { keysGraceSeconds: 604_800 }
    const at = (now: number) => show({ now, members })
    // A credential lives as long as the demo's issuer says; its chain a day.
    expect((await at(NOW + DAY - 1_000)).leniences).toEqual(['issuer_keys_stale'])
    expect(await refusalOf(() => at(NOW + DAY))).toBe('issuer_key_unavailable')
    expect(await refusalOf(() => show({ now: NOW + DAY - 1_000 }))).toBe('issuer_key_unavailable')
  })

  it('TR-30 what is kept proves nothing in a federation of other anchors, or of other marks', async () => {
    await show()
    means = { ...createMeans(), answers: means.answers }
    const other = { trustAnchors: [{ entity: anchor.id, keys: jwksOf(stranger).keys }] }
    expect(await refusalOf(() => show({ members: other }))).toBe('issuer_key_unavailable')
    expect(await refusalOf(() => show({ members: { trustMarks: ['x'] } }))).toBe(
      'issuer_key_unavailable',
    )
  })

  it('TR-30 what is kept of one proves nothing of another', async () => {
    await show()
    const [, , above = '', top = ''] = chainWith()
    const claims = asIssuer(signer)
    const own = configurationOf(between, NOW, { hints: [anchor], claims })
    expect(resolveChain([own, above, top], anchors, NOW).subject).toBe(between.id)
    for (const answer of means.answers.kept.values())
      answer.document = JSON.stringify([own, above, top])
    means = { ...createMeans(), answers: means.answers }
    expect(await refusalOf(() => show())).toBe('issuer_key_unavailable')
  })

  it('TR-30 another way up is tried where one leads nowhere', async () => {
    serve([stranger, between])
    documents[configurationAt(stranger)] = configurationOf(stranger, NOW, {
      ...{ hints: [anchor], claims: asSuperior(stranger) },
    })
    expect((await show()).credentials).toHaveLength(1)
  })

  it.each<[string, () => void]>([
    [
      'a circle of superiors',
      () => {
        documents[configurationAt(between)] = configurationOf(between, NOW, {
          ...{ hints: [leaf, between], claims: asSuperior(between) },
        })
      },
    ],
    ['a superior that knows nothing of it', () => delete documents[aboutAt(between, leaf)]],
    [
      'a superior that says nowhere to ask',
      () => {
        documents[configurationAt(between)] = configurationOf(between, NOW, { hints: [anchor] })
      },
    ],
    [
      'somebody else’s configuration',
      () => {
        documents[configurationAt(leaf)] = configurationOf(between, NOW, { hints: [anchor] })
      },
    ],
    [
      'a configuration that it did not sign',
      () => {
        documents[configurationAt(leaf)] = configurationOf(leaf, NOW, {
          ...{ hints: [between], claims: asIssuer(signer), signer: { ...stranger, kid: leaf.kid } },
        })
      },
    ],
    [
      'another key for its credentials',
      () => {
        documents[configurationAt(leaf)] = configurationOf(leaf, NOW, {
          ...{ hints: [between], claims: asIssuer({ ...signer, key: stranger.key }) },
        })
      },
    ],
    [
      'no keys for credentials',
      () => {
        documents[configurationAt(leaf)] = configurationOf(leaf, NOW, { hints: [between] })
      },
    ],
    [
      'no statement at all',
      () => {
        documents[configurationAt(leaf)] = 'x'
      },
    ],
  ])('TR-31 %s: nobody is believed', async (_, change) => {
    change()
    expect(await refusalOf(() => show())).toMatch(/^issuer_(key_unavailable|signature_invalid)$/)
    expect(means.asked.length).toBeLessThanOrEqual(8)
  })

  it('TR-31 three superiors below the anchor are followed, four are not', async () => {
    const climb = (count: number) => {
      const line = Array.from({ length: count }, (_, at) => createEntity(`https://l${at}.example`))
      serve(line.slice(0, 1))
      const all = [leaf, ...line, anchor]
      for (const [at, entity] of all.slice(0, -1).entries()) {
        const above = all[at + 1] ?? anchor
        const claims = asSuperior(entity)
        if (entity !== leaf)
          documents[configurationAt(entity)] = configurationOf(entity, NOW, {
            ...{ hints: [above], claims },
          })
        documents[aboutAt(above, entity)] = statementBy(above, entity, NOW)
      }
    }
    climb(3)
    expect((await show()).credentials).toHaveLength(1)
    climb(4)
    means = createMeans(documents)
    expect(await refusalOf(() => show())).toBe('issuer_key_unavailable')
  })

  it('TR-31 at most 20 requests, however many superiors there are', async () => {
    const many = Array.from({ length: 10 }, (_, at) => createEntity(`https://e${at}.example`))
    serve(many)
    for (const one of many) {
      documents[configurationAt(one)] = configurationOf(one, NOW, {
        ...{ hints: many, claims: asSuperior(one) },
      })
      for (const other of [leaf, ...many])
        documents[aboutAt(one, other)] = statementBy(one, other, NOW)
    }
    expect(await refusalOf(() => show())).toBe('issuer_key_unavailable')
    expect(means.asked.length).toBeLessThanOrEqual(20)
  })

  it('TR-31 five seconds in all, however slowly each answers', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const waits: number[] = []
      const { fetchStatement } = means
      means.fetchStatement = async (url, limits) => {
        waits.push(limits.timeoutMs)
        vi.advanceTimersByTime(1_900)
        return await fetchStatement(url, limits)
      }
      expect(await refusalOf(() => show())).toBe('issuer_key_unavailable')
      expect(waits).toEqual([2_000, 2_000, 1_200])
    } finally {
      vi.useRealTimers()
    }
  })

  it('VC-05 who is not named is not asked; whole domains may be named', async () => {
    expect(await refusalOf(() => show({ members: { issuers: ['.example.net'] } }))).toBe(
      'untrusted_issuer',
    )
    expect(means.asked).toEqual([])
    expect((await show({ members: { issuers: ['.example.org'] } })).credentials).toHaveLength(1)
  })

  it.each([
    ['its superior', between.id, undefined],
    ['the anchor', anchor.id, undefined],
    ['somebody else', stranger.id, 'unexpected_credential'],
  ])('VP-060 a query may ask for one below %s', async (_, entity, refusal) => {
    const [asked] = QUERY.credentials
    const trusted_authorities = [{ type: 'openid_federation', values: [entity] }]
    const query = DcqlQuery.parse({ credentials: [{ ...asked, trusted_authorities }] })
    if (refusal === undefined) expect((await show({ query })).credentials).toHaveLength(1)
    else expect(await refusalOf(() => show({ query }))).toBe(refusal)
  })

  it.each([
    ['no anchor', { trustAnchors: [] }],
    ['an anchor without keys', { trustAnchors: [{ entity: anchor.id, keys: [] }] }],
    [
      'an anchor over http',
      { trustAnchors: [{ entity: 'http://top.example', keys: jwksOf(anchor).keys }] },
    ],
    ['nobody', { issuers: [] }],
    ['everybody', { issuers: ['.'] }],
    ['a whole top-level domain', { issuers: ['.org'] }],
    [
      'a private key',
      { trustAnchors: [{ entity: anchor.id, keys: [{ ...jwksOf(stranger).keys[0], d: 'x' }] }] },
    ],
  ])('TR-32 a policy with %s is refused', (_, members) => {
    expect(TrustPolicy.safeParse({ entries: [entry(members)] }).success).toBe(false)
  })

  it('TR-32 an anchor’s key that is none is named', () => {
    const keys = [{ kty: 'EC', kid: 'x', crv: 'P-256', x: 'AA', y: 'AA' }]
    const policy = policyOf({ trustAnchors: [{ entity: anchor.id, keys }] })
    expect(() => prepareTrust(policy)).toThrow(/policy_refused/)
  })
})
