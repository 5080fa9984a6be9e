import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EDUID_VCT } from '../../demo/issuer.ts'
import { type Bridge, logIn, startBridge, testPolicies } from '../support/bridge.ts'
import { runCli } from '../support/cli.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let root: string

beforeAll(async () => {
  bridge = await startBridge()
  root = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-policy-'))
})
afterAll(async () => {
  await bridge.stop()
  rmSync(root, { recursive: true, force: true })
})

/** `policy …` on the bridge's database. */
const policy = (...words: readonly string[]) =>
  runCli(['policy', ...words], { DATABASE_URL: bridge.database.runtimeUrl })

let count = 0
/** A folder with the demo's documents and changes to them; a kind that is undefined is left out. */
function folderOf(changes: { [file: string]: unknown } = {}): string {
  const folder = path.join(root, `folder-${count++}`)
  mkdirSync(folder)
  for (const [kind, document] of Object.entries({ ...testPolicies(bridge.issuer), ...changes })) {
    if (document !== undefined)
      writeFileSync(path.join(folder, `${kind}.json`), JSON.stringify(document))
  }
  return folder
}

function loginsFile(): string {
  const [entry] = bridge.issuer.trustPolicy().entries
  const credential = {
    query: 'eduid',
    types: [EDUID_VCT],
    issuer: `${entry?.id}#https://issuer.example`,
    claims: { given_name: true, family_name: true, schac_home_organization: true },
  }
  const file = path.join(root, `logins-${count++}.json`)
  writeFileSync(
    file,
    JSON.stringify([
      { name: 'stranger', credentials: [credential] },
      { name: 'known', credentials: [credential], state: 'MATCHED_HOLDER_KEY' },
    ]),
  )
  return file
}

const closed = () => ({
  ...testPolicies(bridge.issuer).selector,
  rules: [
    {
      id: 'closed',
      when: { states: ['NOT_FOUND'] },
      plan: { plan: 'FAIL_CLOSED', reason: 'closed' },
    },
  ],
})
const misfit = () => ({
  default: { ...testPolicies(bridge.issuer).selector.default, profile: 'absent' },
})

describe('issue 3 item 10 policy validate', () => {
  test('says nothing against good documents and ends with 0', async () => {
    const alone = await policy('validate', folderOf())
    expect([alone.code, alone.err]).toEqual([0, 'They may be published.'])
    const beside = await policy('validate', folderOf(), '--tenant', 'demo')
    expect([beside.code, beside.out]).toEqual([0, alone.out])
  })
  test('names what does not fit and ends with 1', async () => {
    const ended = await policy('validate', folderOf({ selector: misfit() }))
    expect([ended.code, ended.err]).toEqual([1, 'They cannot be published.'])
    expect(ended.out.split('\n')[0]).toBe(
      'error    selector: default.profile: the material policy has no such profile [profile_missing]',
    )
  })
  test.each<[string, { [file: string]: unknown }, string]>([
    ['a document of another name', { selectors: {} }, 'selectors.json is none of trust.json'],
    [
      'no document at all',
      Object.fromEntries(
        ['trust', 'query', 'attributes', 'material', 'selector'].map((kind) => [kind, undefined]),
      ),
      'holds none of trust.json',
    ],
  ])('%s is refused', async (_, changes, sentence) => {
    const ended = await policy('validate', folderOf(changes))
    expect(ended.code).toBe(1)
    expect(ended.err).toContain(sentence)
  })
  test('a file that is no strict JSON, or no folder, is refused without what it says', async () => {
    const folder = folderOf()
    writeFileSync(path.join(folder, 'query.json'), '{"secret-value": 1, "secret-value": 2}')
    const ended = await policy('validate', folder)
    expect([ended.code, ended.err]).toEqual([
      1,
      `${path.join(folder, 'query.json')} is not strict JSON in UTF-8`,
    ])
    expect((await policy('validate', path.join(root, 'nowhere'))).code).toBe(1)
  })
})

describe('issue 3 item 10 policy plan and apply', () => {
  test('plan shows members and logins and changes nothing; apply does it, once', async () => {
    const folder = folderOf({ selector: closed() })
    const planned = await policy('plan', folder, '--tenant', 'demo', '--logins', loginsFile())
    expect(planned.code, planned.err).toBe(0)
    expect(planned.out).toContain('selector becomes version 2:\n  + selector: rules.closed')
    expect(planned.out).toMatch(/stranger +CHANGES +RUN_IDV .* FAIL_CLOSED reason=closed by closed/)
    expect(planned.out).toMatch(/known +same/)
    expect(planned.err).toBe('Nothing was changed; apply does it.')
    const versions = () =>
      query<{ kind: string }>(
        bridge.database.superuserUrl,
        "SELECT kind FROM policy_version WHERE version = 2 AND tenant_id <> 'system'",
      )
    expect(await versions()).toEqual([])

    const applied = await policy('apply', folder, '--tenant', 'demo')
    expect([applied.code, applied.out]).toEqual([0, 'selector 2'])
    expect(await versions()).toEqual([{ kind: 'selector' }])
    const again = await policy('apply', folder, '--tenant', 'demo')
    expect([again.code, again.out, again.err.split('\n').at(-1)]).toEqual([
      ...[0, '', 'Everything is as it should be already.'],
    ])
    expect((await policy('plan', folder, '--tenant', 'demo')).err).toContain('change nothing')
  })
  test('a running service follows what was applied within its second', async () => {
    await policy('apply', folderOf({ trust: { entries: [] } }), '--tenant', 'demo')
    bridge.clock.advance(2_000)
    await expect(logIn(bridge, await bridge.newWallet())).rejects.toThrow()
    await policy('apply', folderOf(), '--tenant', 'demo')
    bridge.clock.advance(2_000)
    expect((await logIn(bridge, await bridge.newWallet())).viaInstitution).toBe(true)
  })
  test('documents that do not fit are not applied, not even the good ones among them', async () => {
    const before = await query(bridge.database.superuserUrl, 'SELECT version FROM policy_version')
    const { query: asked } = testPolicies(bridge.issuer)
    const fewer = {
      credentials: asked.credentials.map((each) => ({ ...each, claims: each.claims.slice(0, 1) })),
    }
    const ended = await policy(
      'apply',
      folderOf({ selector: misfit(), query: fewer }),
      '--tenant',
      'demo',
    )
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('default.profile')
    expect(await query(bridge.database.superuserUrl, 'SELECT version FROM policy_version')).toEqual(
      before,
    )
    expect((await policy('apply', folderOf(), '--tenant', 'nobody')).err).toContain(
      'nothing of that name',
    )
  })
})

describe('issue 3 item 10 policy diff', () => {
  test('of two folders, member by member, with the logins that change', async () => {
    const [from, to] = [folderOf(), folderOf({ selector: closed() })]
    const ended = await policy('diff', from, to, '--logins', loginsFile())
    expect(ended.code, ended.err).toBe(0)
    expect(ended.out).toMatch(/^\+ selector: rules\.closed/)
    expect(ended.out).toMatch(/stranger +CHANGES/)
    expect((await policy('diff', from, folderOf())).out).toBe('')
  })
  test('of two published versions', async () => {
    const words = ['1', '2', '--tenant', 'demo', '--kind', 'selector']
    const ended = await policy('diff', ...words)
    expect([ended.code, ended.out.startsWith('+ selector: rules.closed')]).toEqual([0, true])
    expect((await policy('diff', '1', '99', ...words.slice(2))).code).toBe(1)
    expect((await policy('diff', 'a', 'b', ...words.slice(2))).err).toContain('two versions')
    expect((await policy('diff', '1', '2', '--kind', 'selector')).err).toContain('--tenant')
    expect((await policy('diff', '1', '2', '--kind', 'retention')).err).toContain('One of trust')
  })
})

describe('issue 3 item 10 policy explain', () => {
  test('says rule by rule what would happen, with a folder alone or beside a tenant’s documents', async () => {
    const alone = await policy(
      'explain',
      folderOf({ selector: closed() }),
      '--logins',
      loginsFile(),
    )
    expect(alone.code, alone.err).toBe(0)
    expect(alone.out).toContain(
      [
        'stranger',
        '  attributes shown: given_name, family_name, institution_id',
        '  rule closed: chosen (holds: states)',
        '  → FAIL_CLOSED reason=closed by closed',
        'known',
      ].join('\n'),
    )
    expect(alone.out).toContain('  rule closed: not matched (does not hold: states)')
    const only = folderOf({
      ...{ trust: undefined, query: undefined, attributes: undefined, material: undefined },
      selector: closed(),
    })
    const beside = await policy('explain', only, '--tenant', 'demo', '--logins', loginsFile())
    expect([beside.code, beside.out]).toEqual([0, alone.out])
    const without = await policy('explain', only, '--logins', loginsFile())
    expect([without.code, without.out]).toEqual([1, ''])
    expect(without.err).toContain('Nothing can be explained')
  })
  test('a file that holds no recorded logins is refused by its paths', async () => {
    const file = path.join(root, 'wrong.json')
    writeFileSync(file, JSON.stringify([{ name: 'x', state: 'secret-value' }]))
    const ended = await policy('explain', folderOf(), '--logins', file)
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('0.state: invalid_value')
    expect(ended.err).not.toContain('secret-value')
  })
})

describe('issue 3 item 10 policy restore and drafts', () => {
  test('an older version becomes the next one', async () => {
    const restored = await policy('restore', 'selector', '1', '--tenant', 'demo')
    expect(restored.code, restored.err).toBe(0)
    const [, next = ''] = /^selector ([0-9]+)$/.exec(restored.out) ?? []
    const same = await policy('diff', '1', next, '--tenant', 'demo', '--kind', 'selector')
    expect([same.code, same.out]).toEqual([0, ''])
    expect((await policy('restore', 'selector', '99', '--tenant', 'demo')).code).toBe(1)
    expect((await policy('restore', 'selector', 'x', '--tenant', 'demo')).err).toContain('number')
  })
  test('drafts are listed', async () => {
    expect((await policy('drafts', '--tenant', 'demo')).err).toBe('There are none.')
    await query(
      bridge.database.superuserUrl,
      `INSERT INTO policy_draft (tenant_id, kind, document, state, digest, based_on, saved_at, saved_by)
       SELECT id, 'selector', '{}', 'draft', 'digest', 1, '2026-01-01T00:00:00.000Z', 'somebody' FROM tenant WHERE slug = 'demo'`,
    )
    expect((await policy('drafts', '--tenant', 'demo')).out).toMatch(
      /selector +draft +1 .*somebody +digest/,
    )
  })
})
