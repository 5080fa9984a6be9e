/** Two people of a tenant of their own, each with a wallet and an account, and a look at their rows. */
import type { Configuration } from 'openid-client'
import { createBrowser } from '../../demo/browser.ts'
import { DEMO_PEOPLE, type DemoPerson, passwordOf, walletOf } from '../../demo/people.ts'
import type { Login } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { openWithDataKey, sealWithDataKey, unwrapDataKey } from '../../src/crypto/data-key.ts'
import type { IdentityId, TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { type Bridge, logIn, presentAt, REDIRECT_URI, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

export interface Person {
  id: IdentityId
  wallet: Wallet
  sub: string
  claims: { sub: string; [name: string]: unknown }
  configuration: Configuration
  accessToken: string
}

export function demoPerson(username: string): DemoPerson {
  const person = DEMO_PEOPLE.find((one) => one.username === username)
  if (person === undefined) throw new Error(`nobody is called ${username}`)
  return person
}

export function accountOf(username: string) {
  return { username, password: passwordOf(demoPerson(username)) }
}

/** A login of a person who was not known in this tenant, with a wallet of their own. */
export async function newPerson(
  bridge: Bridge,
  tenant: TestTenant,
  username: string,
): Promise<Person> {
  const wallet = await walletOf(demoPerson(username), bridge.issuer)
  const { login } = await logIn(bridge, wallet, { tenant, user: accountOf(username) })
  const { sub } = login.claims
  const id = await identityOf(bridge, tenant, sub)
  const { configuration } = tenant.relyingParty
  const accessToken = login.tokens.access_token
  return { id, wallet, sub, claims: login.claims, configuration, accessToken }
}

/** A new tenant where Sanne came first and Milan after her. */
export async function startTenant(bridge: Bridge, slug: string) {
  const tenant = await bridge.addTenant(slug)
  const older = await newPerson(bridge, tenant, 'sanne')
  const newer = await newPerson(bridge, tenant, 'milan')
  return { tenant, older, newer }
}

/** Who is known by this subject. */
export async function identityOf(bridge: Bridge, tenant: TestTenant, sub: string) {
  const [row] = await rowsOf<{ identity_id: IdentityId }>(
    bridge,
    tenant,
    'pairwise_subject',
    `subject = '${sub}'`,
  )
  if (row === undefined) throw new Error('nobody is known by this subject')
  return row.identity_id
}

/** Rows of the tenant's table, past row-level security; `where` may go on with ORDER BY. */
export async function rowsOf<Row extends object>(
  bridge: Bridge,
  tenant: TestTenant,
  table: string,
  where = 'true',
  columns = '*',
): Promise<Row[]> {
  return await query<Row>(
    bridge.database.superuserUrl,
    `SELECT ${columns} FROM ${table}
      WHERE tenant_id = (SELECT id FROM tenant WHERE slug = '${tenant.slug}') AND ${where}`,
  )
}

interface KeyRow {
  id: IdentityId
  tenant_id: TenantId
  wrapped_data_key: Sealed
}

/** What a forced reconciliation after a merge leaves: the merged person's bindings sealed under the survivor's key. */
export async function resealAsSurvivor(
  bridge: Bridge,
  tenant: TestTenant,
  merged: Person,
  survivor: Person,
): Promise<void> {
  const keyOf = async (id: IdentityId) => {
    const [row] = await rowsOf<KeyRow>(bridge, tenant, 'identity', `id = '${id}'`)
    if (row === undefined) throw new Error('no such person')
    return unwrapDataKey(bridge.deps.keyring, row.tenant_id, row.id, row.wrapped_data_key)
  }
  const [from, to] = [await keyOf(merged.id), await keyOf(survivor.id)]
  const bindings = await rowsOf<{ [column: string]: Sealed } & { tenant_id: TenantId }>(
    bridge,
    tenant,
    'identity_link_binding',
    `key_identity_id = '${merged.id}'`,
  )
  for (const row of bindings) {
    const anew = (column: string) => {
      const context = {
        ...{ tenant: row.tenant_id, table: 'identity_link_binding', column },
        row: String(row.id),
      }
      return sealWithDataKey(to, context, openWithDataKey(from, context, row[column] as Sealed))
    }
    await query(
      bridge.database.superuserUrl,
      `UPDATE identity_link_binding SET key_identity_id = NULL,
              encrypted_institution_id = '${anew('encrypted_institution_id')}',
              persisted_attributes_envelope = '${anew('persisted_attributes_envelope')}'
        WHERE id = '${row.id}'`,
    )
  }
}

/**
 * A login of a known wallet, through the page that asks for an account where there are several: the one whose entry holds
 * `account`, else the first. Throws where the institution is asked.
 */
export async function knownLogin(tenant: TestTenant, wallet: Wallet, account = ''): Promise<Login> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const isChooser = (url: string) => url.endsWith('/account')
  const isDone = (url: string) => url.startsWith(REDIRECT_URI) || isChooser(url)
  const page = await browser.follow(await presentAt(browser, wallet, attempt), isDone)
  if (page.location === undefined) throw new Error(`the login ended with ${page.status}`)
  if (!isChooser(page.location)) return await attempt.finish(page.location)
  const entries = (await browser.get(page.location)).text.split('<div class="account">').slice(1)
  const position = entries.findIndex((entry) => entry.includes(account))
  const { text } = await browser.post(page.location, { account: String(position) })
  const [onward] = /https:\/\/app\.example\/callback[^"' ]+/.exec(text) ?? []
  if (onward === undefined) throw new Error('the page leads nowhere')
  return await attempt.finish(onward.replaceAll('&amp;', '&'))
}
