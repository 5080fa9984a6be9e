import * as client from 'openid-client'
import { None } from 'openid-client'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Wallet } from '../../demo/wallet.ts'
import { hashSecret } from '../../src/crypto/random.ts'
import { locateRefreshToken, newRefreshToken } from '../../src/crypto/refresh-token.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { toInstant } from '../../src/domain/time.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { recordLogout } from '../../src/flow/record-logout.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { transact } from '../../src/store/database.ts'
import { type Rotation, rotate } from '../../src/store/refresh-token.ts'
import { newPerson } from '../people/people.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { reachConsent, sayYes } from '../support/consent.ts'
import { lockWaits } from '../support/locks.ts'
import { later, rows, tally, times, userinfoStatus } from '../threats/attack.ts'
import { type Answer, partOf, post, prepared, register, type TestClient } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

const DAY = 24 * 60 * 60_000

let bridge: Bridge
let wallet: Wallet
let app: TestClient
let tokenUrl: string
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  tokenUrl = `${bridge.tenant.issuer}/token`
  app = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
})
afterAll(() => bridge.stop())

const login = async (who = app, scope?: string) =>
  loginOf(wallet, await relyingPartyOf(bridge, who, scope === undefined ? {} : { scope }))

/** A fresh family: its first refresh token, and the access token that came with it. */
async function begin(who = app): Promise<{ refresh: string; access: string }> {
  const { tokens } = await login(who)
  if (tokens.refresh_token === undefined) throw new Error('no refresh token')
  return { refresh: tokens.refresh_token, access: tokens.access_token }
}

function refresh(token: unknown, form: Record<string, string> = {}, who = app): Promise<Answer> {
  const { authorization } = who
  return post(
    tokenUrl,
    { grant_type: 'refresh_token', refresh_token: String(token), ...form },
    { authorization },
  )
}

function located(token: unknown) {
  const names = locateRefreshToken(String(token))
  if (names === undefined) throw new Error('no refresh token')
  return names
}

async function isActive(token: string, { authorization }: TestClient): Promise<unknown> {
  const answer = await post(`${bridge.tenant.issuer}/introspect`, { token }, { authorization })
  return answer.body.active
}

const userinfo = (token: unknown) => userinfoStatus(bridge.tenant.issuer, String(token))

async function reuses(): Promise<number> {
  const [row] = await rows<{ count: number }>(
    bridge,
    `SELECT count(*)::int AS count FROM audit_event WHERE event_type = 'refresh_token_reused' AND subject_hash IS NOT NULL`,
  )
  return row?.count ?? 0
}

test('oidcc-refresh-token openid-client refreshes: iss, sub, aud and auth_time stay, no nonce, a new refresh token', async () => {
  const program = await relyingPartyOf(bridge, app)
  const first = await loginOf(wallet, program)
  const tokens = await client.refreshTokenGrant(
    program.configuration,
    first.tokens.refresh_token ?? '',
  )
  const before = first.idToken
  const { iat: _, exp: __, at_hash: ___, nonce, ...same } = before
  expect(nonce).toBeTypeOf('string')
  expect(tokens.claims()).toMatchObject(same)
  expect(tokens.claims()?.nonce).toBeUndefined()
  expect(tokens.refresh_token).not.toBe(first.tokens.refresh_token)
  const claims = await client.fetchUserInfo(program.configuration, tokens.access_token, before.sub)
  expect(claims).toEqual(first.claims)
})

/** A token that nobody ever had. */
const unknown = () => newRefreshToken().token

describe('who gets one', () => {
  test('OP-79 only with the scope offline_access; or with every code where the registration says so', async () => {
    expect((await login(app, 'openid profile')).tokens.refresh_token).toBeUndefined()
    const always = await register(bridge, {
      ...{ grantTypes: ['authorization_code', 'refresh_token'], offlineAccessNeeded: false },
    })
    expect((await login(always, 'openid')).tokens.refresh_token).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
  })

  test('OP-79 a client that did not register the grant gets none, whatever it asks for', async () => {
    const plain = await register(bridge)
    const { tokens } = await login(plain, 'openid offline_access')
    expect([tokens.refresh_token, tokens.scope]).toEqual([undefined, 'openid'])
    const answer = await refresh(unknown(), {}, plain)
    expect([answer.status, answer.body.error]).toEqual([400, 'unauthorized_client'])
  })

  test('OP-74 a public client is served by rotation', async () => {
    const native = await register(bridge, {
      ...{ authentication: 'none', grantTypes: ['authorization_code', 'refresh_token'] },
    })
    const program = await relyingPartyOf(bridge, native, { authentication: None() })
    const { tokens } = await loginOf(wallet, program)
    const next = await client.refreshTokenGrant(program.configuration, tokens.refresh_token ?? '')
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
  })

  test('refresh tokens lie hashed', async () => {
    const { refresh: token } = await begin()
    const found = await rows<{ row: string }>(bridge, 'SELECT t::text AS row FROM refresh_token t')
    expect(found.some(({ row }) => row.includes(token))).toBe(false)
  })
})

describe('used once', () => {
  test('OP-74 a used token that comes again ends the family and its access tokens, with one event', async () => {
    const before = await reuses()
    const { refresh: first, access } = await begin()
    const second = await refresh(first)
    const third = await refresh(second.body.refresh_token)
    expect([second.status, third.status]).toEqual([200, 200])
    const replay = await refresh(first)
    expect([replay.status, replay.body.error]).toEqual([400, 'invalid_grant'])
    expect((await refresh(third.body.refresh_token)).body.error).toBe('invalid_grant')
    for (const token of [access, second.body.access_token, third.body.access_token])
      expect(await userinfo(token)).toBe(401)
    await refresh(first)
    expect(await reuses()).toBe(before + 1)
  })

  test('OP-75 a lost answer is given again: the same next token, for ten seconds, while nobody used it', async () => {
    const { refresh: first } = await begin()
    const answer = await refresh(first)
    const again = await refresh(first)
    expect(again.status).toBe(200)
    expect(again.body.refresh_token).toBe(answer.body.refresh_token)
    expect(again.body.access_token).not.toBe(answer.body.access_token)
    expect(await userinfo(again.body.access_token)).toBe(200)
    expect((await refresh(answer.body.refresh_token)).status).toBe(200)
    expect((await refresh(first)).body.error).toBe('invalid_grant')
  })

  test('OP-74 a text of the family that was never its token ends it too: only a token tells what they begin with', async () => {
    const { refresh: token } = await begin()
    const [family = ''] = token.split('.')
    const made = await refresh(`${family}.${'A'.repeat(43)}`)
    expect(made.body.error).toBe('invalid_grant')
    expect((await refresh(token)).body.error).toBe('invalid_grant')
    const { familyHash } = located(token)
    const found = await rows(bridge, `SELECT 1 FROM refresh_token WHERE family_hash = '${family}'`)
    expect([found, familyHash === family]).toEqual([[], false])
  })

  test('OP-75 an access token outlives the next refresh, so that requests under way are not lost; the one after that ends it', async () => {
    const { refresh: first } = await begin()
    const second = await refresh(first)
    const third = await refresh(second.body.refresh_token, { scope: 'openid' })
    for (const { body } of [second, third]) expect(await userinfo(body.access_token)).toBe(200)
    const fourth = await refresh(third.body.refresh_token)
    expect(fourth.body.scope).toBe('openid profile email offline_access')
    const states = [second, third, fourth].map(({ body }) => userinfo(body.access_token))
    expect(await Promise.all(states)).toEqual([401, 200, 200])
    const headers = { authorization: `Bearer ${third.body.access_token}` }
    const claims = await (await fetch(`${bridge.tenant.issuer}/userinfo`, { headers })).text()
    expect(Object.keys(JSON.parse(claims))).toEqual(['institution_id', 'sub'])
  })

  test('OP-75 after ten seconds it is a reuse', async () => {
    const { refresh: first } = await begin()
    const answer = await refresh(first)
    const late = await later(bridge, 10_000, () => refresh(first))
    expect(late.body.error).toBe('invalid_grant')
    expect((await refresh(answer.body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('OP-75 a lost answer keeps the grant as well, should the first one not have come to it', async () => {
    const { refresh: first } = await begin()
    await refresh(first)
    const { familyHash } = located(first)
    const grant = `id = (SELECT grant_id FROM refresh_token WHERE family_hash = '${familyHash}')`
    await rows(bridge, `UPDATE login_grant SET expires_at = created_at WHERE ${grant}`)
    expect((await refresh(first)).status).toBe(200)
    const [kept] = await rows<{ kept: boolean }>(
      bridge,
      `SELECT g.expires_at > f.expires_at AS kept FROM login_grant g JOIN refresh_token f ON f.grant_id = g.id
        WHERE f.family_hash = '${familyHash}'`,
    )
    expect(kept?.kept).toBe(true)
  })

  test('OP-77 fifty parallel refreshes: one next token, and only one row for it', async () => {
    const { refresh: first } = await begin()
    const answers = await Promise.all(times(50, () => refresh(first)))
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 50 })
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    const { tokenHash, familyHash } = located(answers[0]?.body.refresh_token)
    const family = await rows<{ token_hash: string; predecessor_hash: string }>(
      bridge,
      `SELECT token_hash, predecessor_hash FROM refresh_token WHERE family_hash = '${familyHash}'`,
    )
    expect(family).toEqual([{ token_hash: tokenHash, predecessor_hash: located(first).tokenHash }])
  })

  test('OP-77 families that are refreshed at one moment: each gets its own, a used token among them is still a reuse', async () => {
    const narrow = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const begun = await Promise.all(times(6, (index) => begin(index % 2 === 0 ? app : narrow)))
    const owner = (index: number) => (index % 2 === 0 ? app : narrow)
    const stale = await begin()
    await refresh((await refresh(stale.refresh)).body.refresh_token)
    const asked = begun.map((family, index) => refresh(family.refresh, {}, owner(index)))
    const [reused, foreign, ...own] = await Promise.all([
      refresh(stale.refresh),
      refresh(begun[0]?.refresh, {}, narrow),
      ...asked,
    ])
    expect([reused.body.error, foreign.body.error]).toEqual(['invalid_grant', 'invalid_grant'])
    expect(tally(own.map(({ status }) => status))).toEqual({ 200: 6 })
    const next = own.map(({ body }) => String(body.refresh_token))
    expect(new Set(next).size).toBe(6)
    const states = await Promise.all(own.map(({ body }) => userinfo(body.access_token)))
    expect(tally(states)).toEqual({ 200: 6 })
    const again = await Promise.all(next.map((token, index) => refresh(token, {}, owner(index))))
    expect(tally(again.map(({ status }) => status))).toEqual({ 200: 6 })
  })

  test('OP-77 fifty parallel uses once the next token was used: none is good, and the family is over', async () => {
    const { refresh: first } = await begin()
    const second = await refresh(first)
    const third = await refresh(second.body.refresh_token)
    const before = await reuses()
    const answers = await Promise.all(times(50, () => refresh(first)))
    expect(tally(answers.map(({ body }) => String(body.error)))).toEqual({ invalid_grant: 50 })
    expect(await reuses()).toBe(before + 1)
    expect((await refresh(third.body.refresh_token)).status).toBe(400)
  })
})

describe('what it is bound to', () => {
  test('OP-76 another client, another tenant: refused alike, and the token still works for its own', async () => {
    const { refresh: token } = await begin()
    const other = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const foreign = await refresh(token, {}, other)
    const nobodys = await refresh(unknown(), {}, other)
    expect([foreign.status, foreign.body]).toEqual([nobodys.status, nobodys.body])
    expect((await refresh(token)).status).toBe(200)
  })

  test('OP-76 less scope on request, never more; a wrong request does not use the token up', async () => {
    const { refresh: token } = await begin()
    for (const scope of ['openid profile admin', 'address', ' ', 'openid  profile'])
      expect((await refresh(token, { scope })).body.error).toBe('invalid_scope')
    const narrow = await refresh(token, { scope: 'openid' })
    expect(narrow.body.scope).toBe('openid')
    const headers = { authorization: `Bearer ${narrow.body.access_token}` }
    const claims = await (await fetch(`${bridge.tenant.issuer}/userinfo`, { headers })).text()
    expect(Object.keys(JSON.parse(claims))).toEqual(['institution_id', 'sub'])
    const whole = await refresh(narrow.body.refresh_token)
    expect(whole.body.scope).toBe('openid profile email offline_access')
    const mute = await refresh(whole.body.refresh_token, { scope: 'profile' })
    expect(mute.body.id_token).toBeUndefined()
    expect(await userinfo(mute.body.access_token)).toBe(403)
  })

  test('OP-74 a used token with scopes nobody granted is a reuse; a lost answer asked for with more is a wrong request', async () => {
    const { refresh: first } = await begin()
    const second = await refresh(first)
    expect((await refresh(first, { scope: 'address' })).body.error).toBe('invalid_scope')
    const third = await refresh(second.body.refresh_token)
    expect(third.status).toBe(200)
    expect((await refresh(first, { scope: 'address' })).body.error).toBe('invalid_grant')
    expect((await refresh(third.body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('OP-76 it ends when it is not used for seven days, and thirty days after the login in any case', async () => {
    const idle = await begin()
    const late = await later(bridge, 7 * DAY, () => refresh(idle.refresh))
    expect(late.body.error).toBe('invalid_grant')
    let { refresh: token } = await begin()
    for (let day = 6; day < 30; day += 6) {
      const answer = await later(bridge, day * DAY, () => refresh(token))
      expect(answer.status, `day ${day}`).toBe(200)
      token = String(answer.body.refresh_token)
    }
    expect((await later(bridge, 30 * DAY, () => refresh(token))).body.error).toBe('invalid_grant')
  })
})

describe('what it follows', () => {
  test('OP-78 claims are read from the binding anew, also for an ID token that carries them', async () => {
    const inIdToken = await register(bridge, {
      ...{ grantTypes: ['authorization_code', 'refresh_token'], claimsInIdToken: true },
    })
    const rich = await begin(inIdToken)
    const answer = await refresh(rich.refresh, {}, inIdToken)
    expect(partOf(answer.body.id_token, 1).given_name).toBe('Sanne')
    const envelope = 'persisted_attributes_envelope'
    const [kept] = await rows<{ sealed: string }>(
      bridge,
      `SELECT ${envelope} AS sealed FROM identity_link_binding`,
    )
    await rows(bridge, `UPDATE identity_link_binding SET ${envelope} = encrypted_institution_id`)
    expect((await refresh(answer.body.refresh_token, {}, inIdToken)).status).toBe(500)
    await rows(bridge, `UPDATE identity_link_binding SET ${envelope} = '${kept?.sealed}'`)
  })

  test('OP-78 a disabled client, an unlinked wallet and an erased person end it', async () => {
    const going = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const { refresh: token } = await begin(going)
    const change = { enabled: false }
    await updateRelyingParty(bridge.deps, ACTOR, 'demo', going.relyingParty.clientId, change)
    expect((await refresh(token, {}, going)).body.error).toBe('invalid_client')

    const { refresh: kept } = await begin()
    const ends = [
      `UPDATE identity_link_binding SET deleted_at = created_at WHERE deleted_at IS NULL`,
      `UPDATE identity SET status = 'RESTRICTED' WHERE status = 'ACTIVE'`,
    ]
    for (const end of ends) {
      const undo = end.includes('binding')
        ? 'UPDATE identity_link_binding SET deleted_at = NULL'
        : `UPDATE identity SET status = 'ACTIVE'`
      await rows(bridge, end)
      expect((await refresh(kept)).body.error, end).toBe('invalid_grant')
      await rows(bridge, undo)
    }
    expect((await refresh(kept)).status).toBe(200)
  })

  test('OP-78 where people are asked for a yes by now, a login without one is not carried on, and one with a yes is', async () => {
    const asking = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const { clientId } = asking.relyingParty
    const ask = (consent: 'ask' | 'never') =>
      updateRelyingParty(bridge.deps, ACTOR, 'demo', clientId, { consent })
    const { refresh: unasked } = await begin(asking)
    const { refresh: lost } = await begin(asking)
    const answered = await refresh(lost, {}, asking)
    await ask('ask')
    for (const token of [unasked, lost])
      expect((await refresh(token, {}, asking)).body.error).toBe('invalid_grant')
    expect(await isActive(unasked, asking)).toBe(false)
    const program = await relyingPartyOf(bridge, asking)
    const { tokens } = await sayYes(await reachConsent(program, wallet))
    const agreed = await refresh(tokens.refresh_token, {}, asking)
    expect(agreed.status).toBe(200)
    await ask('never')
    // Neither was the token spent by being refused, nor was a lost answer a reuse for it.
    expect(await isActive(unasked, asking)).toBe(true)
    expect((await refresh(unasked, {}, asking)).status).toBe(200)
    expect((await refresh(answered.body.refresh_token, {}, asking)).status).toBe(200)
    expect((await refresh(agreed.body.refresh_token, {}, asking)).status).toBe(200)
  })

  test('a grant is kept as long as its family may live, and goes with it', async () => {
    const { refresh: token } = await begin()
    const { body } = await refresh(token)
    const { tokenHash } = located(body.refresh_token)
    const [kept] = await rows<{ days: number }>(
      bridge,
      `SELECT round(extract(epoch FROM g.expires_at::timestamptz - g.created_at::timestamptz) / 86400)::int AS days
         FROM login_grant g JOIN refresh_token r ON r.grant_id = g.id WHERE r.token_hash = '${tokenHash}'`,
    )
    expect(kept?.days).toBe(7)
    await rows(bridge, 'DELETE FROM login_grant WHERE id IN (SELECT grant_id FROM refresh_token)')
    expect(await rows(bridge, 'SELECT * FROM refresh_token')).toEqual([])
  })
})

test('a token that is no refresh token, or none, is refused', async () => {
  const { tokens } = await login()
  for (const token of [tokens.access_token, tokens.id_token, 'x', 'A'.repeat(43), `${unknown()}!`])
    expect((await refresh(token)).body.error).toBe('invalid_grant')
  expect((await refresh('')).body.error).toBe('invalid_request')
})

describe('who waits for whom', () => {
  function rotationOf(token: string): Rotation {
    const now = toInstant(bridge.clock.now())
    const end = toInstant(bridge.clock.now() + 99 * DAY)
    const at = { tenantAsks: false, now, usedAt: end, accessExpiresAt: end, expiresAt: end }
    const hash = () => located(newRefreshToken().token).tokenHash
    return {
      ...{ ...located(token), clientId: app.relyingParty.clientId, jkt: null, scopes: [] },
      ...{ accessHash: hash(), accessScope: null, accessJkt: null },
      ...{ nextHash: hash(), salt: 'salt', times: at },
    }
  }

  /** How many of the wanted rows are free while `act` waits for one that is held. */
  async function countFree(held: string, act: () => Promise<unknown>, wanted: string) {
    const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query(`SELECT FROM ${held} FOR UPDATE`)
    const acting = act()
    try {
      await lockWaits(bridge, 1)
      return (await rows(bridge, `SELECT 1 FROM ${wanted} FOR UPDATE SKIP LOCKED`)).length
    } finally {
      await holder.query('ROLLBACK')
      await holder.end()
      await acting
    }
  }

  const family = (token: string) =>
    `refresh_token WHERE family_hash = '${located(token).familyHash}'`
  const grant = (token: string) => `login_grant WHERE id = (SELECT grant_id FROM ${family(token)})`

  test('two links of one match: all links before the match, as a login takes them', async () => {
    const tokens = [(await begin()).refresh, (await begin()).refresh]
    const [link] = await rows<{ id: string; match_id: string }>(
      bridge,
      `SELECT id, match_id FROM identity_link_binding WHERE id = (SELECT binding_id FROM ${grant(tokens[0] ?? '')})`,
    )
    await rows(
      bridge,
      `INSERT INTO identity_link_binding SELECT (jsonb_populate_record(b, '{"id":"z-second"}')).*
         FROM identity_link_binding b WHERE id = '${link?.id}';
       UPDATE ${grant(tokens[1] ?? '').replace('WHERE', `SET binding_id = 'z-second' WHERE`)};
       ANALYZE`,
    )
    const { tenant } = await prepared(bridge)
    const use = () =>
      transact(bridge.deps.db, tenant.id, [rotate(tenant.id, tokens.map(rotationOf))])
    const held = `identity_link_binding WHERE id = 'z-second'`
    expect(await countFree(held, use, `identity_match WHERE id = '${link?.match_id}'`)).toBe(1)
  })

  test('OP-75 a lost answer that is given again holds the family before its grant', async () => {
    const { refresh: token } = await begin()
    await refresh(token)
    expect(await countFree(family(token), () => refresh(token), grant(token))).toBe(1)
  })

  test('OP-74 a logout while a lost answer is to be given again is no reuse', async () => {
    const { refresh: token } = await begin()
    const { body } = await refresh(token)
    const before = await reuses()
    const logout = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await logout.connect()
    await logout.query(`BEGIN; DELETE FROM ${family(token)}`)
    const again = refresh(token)
    await lockWaits(bridge, 1)
    await logout.query('COMMIT')
    await logout.end()
    expect((await again).body.error).toBe('invalid_grant')
    expect([await reuses(), await userinfo(body.access_token)]).toEqual([before, 401])
  })

  test.each(['logout', 'erasure'] as const)(
    'families end in the order they are used in: %s',
    async (end) => {
      const short = await register(bridge, {
        ...{ grantTypes: ['authorization_code', 'refresh_token'], offlineAccessNeeded: false },
      })
      const person = await newPerson(bridge, bridge.tenant, 'milan')
      const program = await relyingPartyOf(bridge, short, { scope: 'openid' })
      const tokens: string[] = []
      for (const begun of times(6, () => () => loginOf(person.wallet, program)))
        tokens.push((await begun()).tokens.refresh_token ?? '')
      const [first = '', ...others] = tokens.toSorted((a, b) =>
        located(a).familyHash < located(b).familyHash ? -1 : 1,
      )
      const browser = 'browser-of-milan'
      const owned = `identity_id = '${person.id}'`
      await rows(
        bridge,
        `UPDATE login_grant SET session_browser_hash = '${hashSecret(browser)}' WHERE ${owned}`,
      )
      const tenant = await prepared(bridge)
      const act = {
        logout: () => recordLogout(bridge.deps, tenant, browser),
        erasure: () =>
          eraseIdentity(bridge.deps, ACTOR, 'demo', { identityId: person.id, ground: 'objection' }),
      }[end]
      const hashes = others.map((token) => `'${located(token).familyHash}'`).join()
      const wanted = `refresh_token f JOIN login_grant g ON g.id = f.grant_id WHERE f.family_hash IN (${hashes})`
      expect(await countFree(family(first), act, wanted)).toBe(5)
      expect(
        await rows(bridge, `SELECT FROM refresh_token WHERE family_hash IN (${hashes})`),
      ).toEqual([])
    },
  )

  test('OP-77 uses, lost answers, a logout and an erasure at once: each is answered, and none is a reuse', async () => {
    const short = await register(bridge, {
      ...{ grantTypes: ['authorization_code', 'refresh_token'], offlineAccessNeeded: false },
    })
    const program = await relyingPartyOf(bridge, short, { scope: 'openid' })
    const people = [
      await newPerson(bridge, bridge.tenant, 'milan'),
      await newPerson(bridge, bridge.tenant, 'noor'),
    ]
    const tokens: string[] = []
    for (const { wallet: own } of people)
      for (const login of times(5, () => () => loginOf(own, program)))
        tokens.push((await login()).tokens.refresh_token ?? '')
    const [leaving, staying] = people.map(({ id }) => id)
    const browser = 'browser-of-noor'
    await rows(
      bridge,
      `UPDATE login_grant SET session_browser_hash = '${hashSecret(browser)}' WHERE identity_id = '${staying}'`,
    )
    const before = await reuses()
    const tenant = await prepared(bridge)
    const statuses: number[] = []
    const ended = { identityId: leaving as IdentityId, ground: 'objection' as const }
    const end = () => [
      recordLogout(bridge.deps, tenant, browser),
      eraseIdentity(bridge.deps, ACTOR, 'demo', ended),
      recordLogout(bridge.deps, tenant, browser),
    ]
    const use = async (first: string) => {
      for (let token = first, turn = 0; turn < 6 && token !== ''; turn++) {
        const answers = await Promise.all(times(3, () => refresh(token, {}, short)))
        statuses.push(...answers.map(({ status }) => status))
        token = String(answers.find(({ status }) => status === 200)?.body.refresh_token ?? '')
      }
    }
    const using = tokens.map(use)
    await Promise.all([...using, isActive(tokens[0] ?? '', short).then(() => Promise.all(end()))])
    expect(
      Object.keys(tally(statuses)).filter((status) => !['200', '400'].includes(status)),
    ).toEqual([])
    expect(await reuses()).toBe(before)
    for (const token of tokens) expect((await refresh(token, {}, short)).status).toBe(400)
  })
})
