/** A person with several accounts says which one to use, and may have it remembered for each relying party. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, onwardLinkOn } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { type Bridge, REDIRECT_URI, startBridge, type TestTenant } from '../support/bridge.ts'
import {
  AT_TELLER,
  lastEvent,
  rowsOf,
  startTeller,
  type Teller,
  tenantAt,
  type Walked,
  walk,
} from '../support/walk.ts'
import { tally, times } from '../threats/attack.ts'

const FORCE = { acr_values: 'urn:identity-bridge:acr:wallet-same-device+institution' }
const ASK = { prompt: 'select_account' }
const selector = {
  rules: [
    {
      ...{ id: 'further-account', when: { triggers: ['force_reconciliation'] } },
      plan: { ...AT_TELLER, bindingPolicy: 'CREATE_NEW' },
    },
  ],
  default: AT_TELLER,
}

let bridge: Bridge
let teller: Teller
beforeAll(async () => {
  bridge = await startBridge()
  teller = await startTeller()
})
afterEach(() => teller.reset())
afterAll(async () => {
  await bridge.stop()
  await teller.provider.close()
})

/** A wallet that is linked to a student's and to an employee's account of one person. */
async function withTwoAccounts(slug: string): Promise<{ tenant: TestTenant; wallet: Wallet }> {
  const tenant = await tenantAt(bridge, teller, slug, { selector })
  const wallet = await bridge.newWallet()
  const names = teller.says
  const as = (role: string) => ({
    ...{ ...names, sub: role, email: `${role}@noorderhaven.example` },
    eduperson_scoped_affiliation: [`${role}@noorderhaven.example`],
  })
  teller.says = as('student')
  const first = await walk(tenant, teller, wallet)
  teller.says = as('employee')
  const second = await walk(tenant, teller, wallet, { parameters: FORCE })
  expect(second.login?.idToken.sub).toBe(first.login?.idToken.sub)
  return { tenant, wallet }
}

const formOn = ({ page, url }: Walked) => {
  const action = /<form method="post" action="([^"]+\/account)">/.exec(page)?.[1]
  if (action === undefined) throw new Error('there is nothing to choose on this page')
  return new URL(action, url).href
}
/** Positions by the role that is told of each. */
function positionOf({ page }: Walked, role: string): string {
  const accounts = page.split('<div class="account">').slice(1)
  return String(accounts.findIndex((account) => account.includes(`${role}@noorderhaven.example`)))
}
const isTicked = ({ page }: Walked) => /<input type="checkbox"[^>]* checked/.test(page)

async function choose(asked: Walked, role: string, remember = false): Promise<string> {
  const form = { account: positionOf(asked, role), ...(remember ? { remember: 'yes' } : {}) }
  const answer = await asked.browser.post(formOn(asked), form)
  expect(answer.status).toBe(200)
  return onwardLinkOn(answer.text)
}

describe('issue 3 item 6: several accounts', () => {
  test('the page tells the accounts apart by what the relying party gets anyway, and by nothing else', async () => {
    const { tenant, wallet } = await withTwoAccounts('apart')
    const asked = await walk(tenant, teller, wallet)
    expect([asked.login, asked.asked]).toEqual([undefined, undefined])
    expect(asked.page).toContain('Which account?')
    for (const role of ['student', 'employee'])
      expect(asked.page).toContain(`Your role at the institution: ${role}@noorderhaven.example`)
    // The same in both, so it says nothing about which is which; and what only we know.
    expect(asked.page).not.toContain('de Vries')
    const [binding] = await rowsOf(
      bridge,
      tenant,
      'SELECT id FROM identity_link_binding WHERE tenant_id = $tenant LIMIT 1',
    )
    expect(asked.page).not.toContain(String(binding?.id))
    const less = await walk(tenant, teller, wallet, { parameters: { scope: 'openid' } })
    expect(less.page).not.toContain('noorderhaven.example')
  })

  test('the account chosen is the one whose claims leave; the subject is the person’s', async () => {
    const { tenant, wallet } = await withTwoAccounts('chosen')
    const subjects = new Set<unknown>()
    for (const role of ['student', 'employee', 'student']) {
      const attempt = await tenant.relyingParty.begin()
      const asked = await reachChoice(tenant, wallet, attempt)
      const login = await attempt.finish(await choose(asked, role))
      expect(login.claims.email).toBe(`${role}@noorderhaven.example`)
      subjects.add(login.idToken.sub)
    }
    expect(subjects.size).toBe(1)
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ type: 'login_completed', plan: 'USE_EXISTING_BINDING', rule: 'builtin:known-holder' },
    })
  })

  test('a choice is remembered for this relying party, asked again on select_account, and forgotten without the tick', async () => {
    const { tenant, wallet } = await withTwoAccounts('kept')
    const asked = await walk(tenant, teller, wallet)
    expect(isTicked(asked)).toBe(false)
    await choose(asked, 'employee', true)
    const next = await walk(tenant, teller, wallet)
    expect(next.login?.claims.email).toBe('employee@noorderhaven.example')
    const again = await walk(tenant, teller, wallet, { parameters: ASK })
    expect(isTicked(again)).toBe(true)
    await choose(again, 'student', true)
    expect((await walk(tenant, teller, wallet)).login?.claims.email).toBe(
      'student@noorderhaven.example',
    )
    await choose(await walk(tenant, teller, wallet, { parameters: ASK }), 'student')
    expect((await walk(tenant, teller, wallet)).page).toContain('Which account?')
  })

  test('an account that is gone is no choice any more', async () => {
    const { tenant, wallet } = await withTwoAccounts('gone')
    await choose(await walk(tenant, teller, wallet), 'employee', true)
    await rowsOf(
      bridge,
      tenant,
      `UPDATE identity_link_binding SET deleted_at = updated_at WHERE tenant_id = $tenant
          AND id = (SELECT binding_id FROM account_choice WHERE tenant_id = $tenant)`,
    )
    const left = await walk(tenant, teller, wallet)
    expect(left.login?.claims.email).toBe('student@noorderhaven.example')
  })

  test('two wallets of one account are one account: nobody is asked', async () => {
    const tenant = await tenantAt(bridge, teller, 'one-account', { selector })
    const [phone, tablet] = [await bridge.newWallet(), await bridge.newWallet()]
    const first = await walk(tenant, teller, phone)
    await walk(tenant, teller, tablet)
    const again = await walk(tenant, teller, phone)
    expect(again.login?.idToken.sub).toBe(first.login?.idToken.sub)
  })

  test('the page speaks Dutch, and the button to leave goes back to the relying party', async () => {
    const { tenant, wallet } = await withTwoAccounts('dutch')
    const asked = await walk(tenant, teller, wallet, { parameters: { ui_locales: 'nl' } })
    expect(asked.page).toContain('Met welk account?')
    const cancel = /action="([^"]+\/cancel)"/.exec(asked.page)?.[1] ?? ''
    const left = await asked.browser.post(new URL(cancel, asked.url).href, {})
    expect(onwardLinkOn(left.text)).toContain(`${REDIRECT_URI}?error=access_denied`)
    const late = await asked.browser.post(formOn(asked), { account: '0' })
    expect(late.location ?? '').toContain('/continue')
  })
})

describe('issue 3 item 6: who may choose, and how often', () => {
  test('of fifty choices at once one is granted', async () => {
    const { tenant, wallet } = await withTwoAccounts('once')
    const asked = await walk(tenant, teller, wallet)
    const url = formOn(asked)
    const answers = await Promise.all(
      times(50, (index) => asked.browser.post(url, { account: String(index % 2) })),
    )
    const codes = answers.filter(({ text }) => text.includes('code='))
    expect(codes).toHaveLength(1)
    const [row] = await rowsOf(
      bridge,
      tenant,
      `SELECT count(*)::int AS n FROM audit_event WHERE tenant_id = $tenant AND event_type = 'login_completed'`,
    )
    // Two logins that linked the accounts, and this one.
    expect(row?.n).toBe(3)
  })

  test('another browser sees and chooses nothing, and a position that was not offered is none', async () => {
    const { tenant, wallet } = await withTwoAccounts('others')
    const asked = await walk(tenant, teller, wallet)
    const url = formOn(asked)
    const other = createBrowser()
    await other.get((await tenant.relyingParty.begin()).url)
    const stranger = createBrowser()
    const answers = [
      await other.get(url),
      await other.post(url, { account: '0' }),
      await stranger.post(url, { account: '0' }),
      await asked.browser.post(url, { account: '2' }),
      await asked.browser.post(url, { account: '-1' }),
      await asked.browser.post(url, {}),
    ]
    expect(tally(answers.map(({ status }) => status))).toEqual({ 404: 6 })
    expect(await choose(asked, 'student')).toContain('code=')
  })

  test('a person who is erased, restricted or unlinked while choosing gets nothing', async () => {
    const { tenant, wallet } = await withTwoAccounts('ended')
    const asked = await walk(tenant, teller, wallet)
    await rowsOf(
      bridge,
      tenant,
      `UPDATE identity SET status = 'RESTRICTED' WHERE tenant_id = $tenant`,
    )
    const answer = await asked.browser.post(formOn(asked), { account: '0' })
    expect(answer.text).not.toContain('code=')
    expect(answer.text).toContain('We cannot log you in with this')
  })
})

/** The page to choose on, for a login whose end the test itself finishes. */
async function reachChoice(
  tenant: TestTenant,
  wallet: Wallet,
  attempt: Awaited<ReturnType<TestTenant['relyingParty']['begin']>>,
): Promise<Walked> {
  const relyingParty = { ...tenant.relyingParty, begin: () => Promise.resolve(attempt) }
  return await walk({ ...tenant, relyingParty }, teller, wallet)
}
