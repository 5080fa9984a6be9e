import { describe, expect, test } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import { demoPolicies } from '../../demo/policies.ts'
import { checkPolicy, POLICY_KINDS, type PolicySet, readPolicy } from '../../src/domain/policy.ts'
import { isAcceptable } from '../../src/domain/policy-finding.ts'
import { lintPolicies, type PolicySurroundings } from '../../src/domain/policy-lint.ts'

const issuer = createIssuer()

/** The demo's documents with changes, as the code reads them. */
function documents(changes: { [kind: string]: unknown } = {}): PolicySet {
  const all: { [kind: string]: unknown } = { ...demoPolicies(issuer), ...changes }
  return Object.fromEntries(
    POLICY_KINDS.filter((kind) => all[kind] !== undefined).map((kind) => [
      kind,
      readPolicy(kind, all[kind]),
    ]),
  )
}

const PROVIDERS = [{ slug: 'surf', enabled: true }]
const lint = (changes: { [kind: string]: unknown } = {}, surroundings: PolicySurroundings = {}) =>
  lintPolicies(documents(changes), { providers: PROVIDERS, ...surroundings }).map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  )

test('issue 3 item 10 the demo’s documents are told one thing: the key is all a person is known by', () => {
  expect(lint()).toEqual(['warning key_alone profiles.0.materials'])
  expect(isAcceptable(lintPolicies(documents(), {}))).toBe(true)
})

describe('issue 3 item 10 lint', () => {
  const { query, attributes, material, selector } = demoPolicies(issuer)
  /** The demo's query with one more claim. */
  const asking = (claim: object) => ({
    credentials: query.credentials.map((each) => ({ ...each, claims: [...each.claims, claim] })),
  })

  test('VP-061 over-asking: a claim that nothing uses', () => {
    expect(lint({ query: asking({ path: ['birth_date'] }) })).toContain(
      'warning over_asking credentials.0.claims.3',
    )
    expect(lint({ query: asking({ path: ['level'], values: ['high'] }) })).toEqual(lint())
  })
  test('a type of credential that no trust entry vouches for', () => {
    expect(lint({ trust: { entries: [] } })).toContain(
      'warning type_untrusted credentials.0.meta.vct_values',
    )
  })
  test('VP-060 an authority that the trust policy does not name', () => {
    const from = (type: string, url: string) => ({
      credentials: query.credentials.map((each) => ({
        ...each,
        trusted_authorities: [{ type, values: [url] }],
      })),
    })
    const { entries } = issuer.trustPolicy()
    const signers = [issuer.anchor]
    const list = { id: 'l', url: 'https://l.example', format: 'lote-jwt', signers }
    const trust = { entries, lists: [list] }
    const told = 'warning authority_unknown credentials.0.trusted_authorities.0'
    expect(lint({ trust, query: from('etsi_tl', 'https://other.example') })).toContain(told)
    expect(lint({ trust, query: from('openid_federation', 'https://top.example') })).toContain(told)
    expect(lint({ trust, query: from('etsi_tl', 'https://l.example') })).toEqual(lint())
  })
  test('VP-095 several credentials, one of them without what makes them one person’s', () => {
    const told = (index: number) => `warning same_person_unasked credentials.${index}.claims`
    const [eduid] = query.credentials
    const having = (claims: readonly object[], samePerson: readonly string[]) =>
      lint({
        query: { credentials: [eduid, { ...eduid, id: 'other', claims }] },
        attributes: { ...attributes, samePerson },
      })
    const names = ['given_name', 'family_name']
    expect(having([{ path: ['given_name'] }], names)).toContain(told(1))
    expect(having([{ path: ['given_name'] }], names)).not.toContain(told(0))
    expect(having([{ path: ['given_name'] }, { path: ['family_name'] }], names)).toEqual(lint())
    expect(lint({ attributes: { ...attributes, samePerson: names } })).toEqual(lint())
  })
  test('an attribute that leaves, or is required, and is never filled', () => {
    const rule = { name: 'nickname', merge: 'WALLET_ONLY', wallet: ['nickname'] }
    const index = attributes.rules.length
    const having = (more: object) => lint({ attributes: { rules: [...attributes.rules, more] } })
    expect(having({ ...rule, project: true })).toContain(
      `warning attribute_never_filled rules.${index}.wallet`,
    )
    expect(having({ ...rule, required: true })).toContain(
      `error required_never_filled rules.${index}.wallet`,
    )
    expect(having({ ...rule, merge: 'OIDC_WINS', project: true, persist: true })).toEqual(lint())
  })
  test('a plan whose profile is not there, or whose provider is missing or off', () => {
    const elsewhere = { default: { ...selector.default, profile: 'absent' } }
    expect(lint({ selector: elsewhere })).toContain('error profile_missing default.profile')
    expect(lint({ material: undefined })).toContain('error profile_missing default.profile')
    expect(lint({}, { providers: [] })).toContain('warning provider_missing default.provider')
    const off = [{ slug: 'surf', enabled: false }]
    expect(lint({}, { providers: off })).toContain('warning provider_missing default.provider')
    expect(lint({}, { providers: undefined })).toEqual(lint())
  })
  describe('material profiles', () => {
    /** The demo's profile with more materials. */
    const having = (...more: object[]) => ({
      profiles: material.profiles.map((each) => ({
        ...each,
        materials: [...each.materials, ...more],
      })),
    })
    const subject = {
      ...{ type: 'credential_subject', name: 'eduid', credential: 'eduid' },
      path: ['given_name'],
    }
    const tuple = (...attributes: [path: string, read: string][]) => ({
      ...{ type: 'claim_tuple', name: 'who' },
      attributes: attributes.map(([path, read]) => ({ path: [path], read })),
    })
    const at = 'profiles.0.materials.2'

    test('fault 7 the key is not alone beside something lasting that identifies', () => {
      expect(lint({ material: having(subject) })).toEqual([])
      const suggested = { ...subject, strength: 'suggests' }
      expect(lint({ material: having(suggested) })).toContain(
        'warning key_alone profiles.0.materials',
      )
      const withoutKey = [subject, { type: 'provider_subject' }]
      expect(
        lint({ material: { profiles: [{ id: 'wallet-and-account', materials: withoutKey }] } }),
      ).toEqual([])
    })
    test('fault 27 a tuple of names and dates cannot identify, one of names suggests too many', () => {
      const names = tuple(['given_name', 'name'], ['family_name', 'name'])
      expect(lint({ material: having(names) })).toContain(`warning vague_tuple ${at}`)
      const dated = tuple(
        ['given_name', 'name'],
        ['family_name', 'name'],
        ['schac_home_organization', 'date'],
      )
      expect(lint({ material: having(dated) })).toEqual(lint())
      expect(lint({ material: having({ ...dated, strength: 'identifies' }) })).toContain(
        `error weak_tuple ${at}`,
      )
      const own = tuple(
        ['given_name', 'name'],
        ['family_name', 'name'],
        ['schac_home_organization', 'exact'],
      )
      expect(lint({ material: having({ ...own, strength: 'identifies' }) })).not.toContain(
        `error weak_tuple ${at}`,
      )
    })
    test('one whose claims are never asked for, or whose credential is not', () => {
      expect(lint({ material: having({ ...subject, path: ['eduid'] }) })).toContain(
        `warning material_never_given ${at}`,
      )
      expect(lint({ material: having({ ...subject, credential: 'diploma' }) })).toContain(
        `error query_missing ${at}`,
      )
    })
    test('VP-061 a claim that only a material uses is not asked for in vain', () => {
      const asked = { query: asking({ path: ['eduid'] }) }
      expect(lint(asked)).toContain('warning over_asking credentials.0.claims.3')
      expect(lint({ ...asked, material: having({ ...subject, path: ['eduid'] }) })).toEqual([])
    })
    test('fault 46 a profile without a material of each side is no policy at all', () => {
      for (const materials of [
        [{ type: 'holder_key' }, subject],
        [{ type: 'provider_subject' }, tuple(['a', 'name'], ['b', 'name'])],
      ]) {
        const read = checkPolicy('material', { profiles: [{ id: 'x', materials }] })
        expect(read).toMatchObject({ ok: false, findings: [{ path: 'profiles.0.materials' }] })
      }
    })
  })
  test('documents that are not there are said nothing of', () => {
    expect(lintPolicies({}, {})).toEqual([])
    expect(lintPolicies({ material: readPolicy('material', material) }, {})).toHaveLength(1)
  })
})
