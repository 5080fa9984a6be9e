/** Attacks on what lies at rest: swapped ciphertexts, a stolen database, and whatever was written about people. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import type { JourneyId, TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { openRequest, openWalletSecrets } from '../../src/flow/journey-secrets.ts'
import { verifySeals } from '../../src/flow/verify-seals.ts'
import { runNow } from '../../src/job/lease.ts'
import { createJobs } from '../../src/jobs.ts'
import { makeSigningKey, startHostileProvider } from '../institution/hostile-provider.ts'
import {
  type Bridge,
  logIn,
  logInDirectly,
  STUDENT,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { runCli } from '../support/cli.ts'
import { asSuperuser, clusterDataDirectory, query } from '../support/postgres.ts'
import {
  answer,
  basic,
  isRelyingParty,
  later,
  obtainCode,
  open,
  reachInstitution,
  redeem,
  rows,
  sealsOf,
  tableNames,
  tenantIdOf,
  times,
  useProvider,
} from './attack.ts'

const KEYRING = createKeyringText()
let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge({ keyring: KEYRING })
})
afterAll(() => bridge.stop())

describe('row 40 ciphertexts moved between rows, columns and tenants', () => {
  let second: TestTenant
  let sanne: Wallet
  let milan: Wallet
  beforeAll(async () => {
    second = await bridge.addTenant('second')
    sanne = await bridge.newWallet()
    milan = await bridge.newWallet()
    await logIn(bridge, sanne)
    await logIn(bridge, milan, { user: { username: 'milan', password: 'milan-demo' } })
    await logIn(bridge, sanne, { tenant: second })
  })

  interface Place {
    table: string
    column: string
    where: string
  }

  /** Puts one place's text into another, lets `act` run, and puts things right again. */
  async function moved<Result>(
    from: Place,
    to: Place,
    act: () => Promise<Result>,
  ): Promise<Result> {
    const read = async ({ table, column, where }: Place) => {
      const found = await rows<{ text: string }>(
        bridge,
        `SELECT ${column} AS text FROM ${table} WHERE ${where}`,
      )
      if (found.length !== 1) throw new Error(`${table}.${column}: ${found.length} rows`)
      return found[0]?.text ?? ''
    }
    const write = ({ table, column, where }: Place, text: string) =>
      rows(bridge, `UPDATE ${table} SET ${column} = '${text}' WHERE ${where}`)
    const [moving, kept] = [await read(from), await read(to)]
    expect(moving).toMatch(/^v1\./)
    expect(moving).not.toBe(kept)
    await write(to, moving)
    try {
      return await act()
    } finally {
      await write(to, kept)
    }
  }

  async function personOf(subjectOf: Wallet, tenant: TestTenant): Promise<string> {
    const { idToken } = (await logIn(bridge, subjectOf, { tenant })).login
    const [row] = await rows<{ id: string }>(
      bridge,
      `SELECT identity_id AS id FROM pairwise_subject WHERE subject = '${idToken.sub}'`,
    )
    return row?.id ?? ''
  }
  const bindingOf = (person: string) =>
    `match_id IN (SELECT id FROM identity_match WHERE internal_identity_id = '${person}')`

  async function tokenOf(holder: Wallet): Promise<string> {
    const redeemable = await obtainCode(bridge.tenant, holder)
    return String((await redeem(bridge.tenant, redeemable)).body.access_token)
  }
  async function ask(token: string) {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${bridge.tenant.issuer}/userinfo`, { headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  /** How the service says that it cannot read what is its own: loudly, and never as somebody unknown. */
  const UNREADABLE = {
    status: 500,
    body: { error: 'server_error', error_description: 'something went wrong on our side' },
  }
  async function expectLoud<Result>(act: () => Promise<Result>): Promise<Result> {
    const people = await rows(bridge, 'SELECT id FROM identity ORDER BY id')
    const before = bridge.lines.length
    const result = await act()
    const said = bridge.lines.slice(before).join('\n')
    expect(said).toContain('"failure":"sealed_unreadable"')
    expect(await rows(bridge, 'SELECT id FROM identity ORDER BY id')).toEqual(people)
    return result
  }

  test("row 40 another person's attributes, another column's, another tenant's: refused", async () => {
    const [mine, theirs] = [
      await personOf(sanne, bridge.tenant),
      await personOf(milan, bridge.tenant),
    ]
    const elsewhere = await personOf(sanne, second)
    const token = await tokenOf(sanne)
    const to = {
      table: 'identity_link_binding',
      column: 'persisted_attributes_envelope',
      where: bindingOf(mine),
    }
    const sources: Place[] = [
      { ...to, where: bindingOf(theirs) },
      { ...to, where: bindingOf(elsewhere) },
      { ...to, column: 'encrypted_institution_id' },
    ]
    for (const from of sources) {
      const answered = await expectLoud(() => moved(from, to, () => ask(token)))
      expect(answered).toEqual(UNREADABLE)
    }
    const { status, body } = await ask(token)
    expect([status, body.given_name]).toEqual([200, 'Sanne'])
  })

  test("row 40 another person's data key, with and without their attributes: refused", async () => {
    const [mine, theirs] = [
      await personOf(sanne, bridge.tenant),
      await personOf(milan, bridge.tenant),
    ]
    const elsewhere = await personOf(sanne, second)
    const token = await tokenOf(sanne)
    const key = (person: string) => ({
      table: 'identity',
      column: 'wrapped_data_key',
      where: `id = '${person}'`,
    })
    const attributes = (person: string) => ({
      table: 'identity_link_binding',
      column: 'persisted_attributes_envelope',
      where: bindingOf(person),
    })
    for (const from of [theirs, elsewhere]) {
      const answered = await expectLoud(() =>
        moved(key(from), key(mine), async () => {
          const alone = await ask(token)
          const both = await moved(attributes(from), attributes(mine), () => ask(token))
          return [alone, both]
        }),
      )
      expect(answered).toEqual([UNREADABLE, UNREADABLE])
    }
    expect((await ask(token)).status).toBe(200)
  })

  test('row 40 a data key that cannot be unwrapped does not make a second person at the institution', async () => {
    const [mine, theirs] = [
      await personOf(sanne, bridge.tenant),
      await personOf(milan, bridge.tenant),
    ]
    const login = await reachInstitution(bridge.tenant, await bridge.newWallet())
    const callback = await loginAt(login.authorizationUrl, STUDENT)
    const key = (person: string) => ({
      table: 'identity',
      column: 'wrapped_data_key',
      where: `id = '${person}'`,
    })
    const page = await expectLoud(() =>
      moved(key(theirs), key(mine), () => login.browser.follow(callback, isRelyingParty)),
    )
    expect([page.status, page.location]).toEqual([500, undefined])
  })

  test("row 40 another journey's secrets and request, at every step that opens them: refused, never a login for somebody else", async () => {
    const [mine, theirs] = [await open(bridge.tenant, sanne), await open(bridge.tenant, milan)]
    const of = (column: string, id: string) => ({ table: 'journey', column, where: `id = '${id}'` })
    const request = (id: string) => of('request', id)
    const secrets = (id: string) => of('wallet_secrets', id)
    const prepared = sanne.prepare(mine.request)
    const steps = await expectLoud(() =>
      moved(secrets(theirs.journeyId), secrets(mine.journeyId), async () => [
        (await sanne.fetchRequest(mine.link)).status,
        (await sanne.post(prepared)).status,
        (await mine.browser.get(`${bridge.tenant.issuer}/login/${mine.journeyId}`)).status,
      ]),
    )
    expect(steps).toEqual([500, 500, 500])
    const { redirectUri = '' } = await sanne.post(prepared)
    const returned = await expectLoud(() =>
      moved(request(theirs.journeyId), request(mine.journeyId), () =>
        mine.browser.get(redirectUri),
      ),
    )
    expect([returned.status, returned.location]).toEqual([500, undefined])
    // The journey is unharmed.
    expect(isRelyingParty((await mine.browser.get(redirectUri)).location ?? '')).toBe(true)
  })

  test("row 40 another wallet's attributes, and nonce and verifier of another attempt: refused, nobody is bound", async () => {
    const [mine, theirs] = [
      await reachInstitution(bridge.tenant, await bridge.newWallet()),
      await reachInstitution(bridge.tenant, await bridge.newWallet()),
    ]
    const attempts = [
      ['journey', 'presentation', 'id'],
      ['reconciliation_session', 'nonce', 'journey_id'],
      ['reconciliation_session', 'code_verifier', 'journey_id'],
    ] as const
    for (const [table, column, name] of attempts) {
      const login = await reachInstitution(bridge.tenant, await bridge.newWallet())
      const callback = await loginAt(login.authorizationUrl, STUDENT)
      const from = { table, column, where: `${name} = '${theirs.journeyId}'` }
      const to = { table, column, where: `${name} = '${login.journeyId}'` }
      const page = await expectLoud(() =>
        // Session columns are blanked when the call-back is let in, so there is nothing to put right.
        movedForGood(from, to, () => login.browser.get(callback)),
      )
      expect([column, page.status, page.location]).toEqual([column, 500, undefined])
    }
    const own = { table: 'reconciliation_session', where: `journey_id = '${mine.journeyId}'` }
    const callback = await loginAt(mine.authorizationUrl, STUDENT)
    const page = await expectLoud(() =>
      movedForGood({ ...own, column: 'nonce' }, { ...own, column: 'code_verifier' }, () =>
        mine.browser.get(callback),
      ),
    )
    expect([page.status, page.location]).toEqual([500, undefined])
  })

  async function movedForGood<Result>(
    from: Place,
    to: Place,
    act: () => Promise<Result>,
  ): Promise<Result> {
    const text = `(SELECT ${from.column} FROM ${from.table} WHERE ${from.where})`
    await rows(bridge, `UPDATE ${to.table} SET ${to.column} = ${text} WHERE ${to.where}`)
    return act()
  }

  test("row 40 another tenant's provider secret and signing keys: refused by an instance that reads them anew", async () => {
    const [a, b] = [await tenantIdOf(bridge, 'demo'), await tenantIdOf(bridge, 'second')]
    const secret = (tenant: string) => ({
      table: 'reconciliation_provider',
      column: 'sealed_client_secret',
      where: `tenant_id = '${tenant}'`,
    })
    const login = await reachInstitution(bridge.tenant, await bridge.newWallet())
    const callback = await loginAt(login.authorizationUrl, STUDENT)
    const page = await expectLoud(() =>
      moved(secret(b), secret(a), () => {
        bridge.deps.tenants.forget('demo')
        return login.browser.get(callback)
      }),
    )
    expect([page.status, page.location]).toEqual([500, undefined])
    for (const [purpose, algorithm] of [
      ['token', 'ES256'],
      ['request', 'ES256'],
    ]) {
      const key = (tenant: string) => ({
        table: 'signing_key',
        column: 'sealed_private_key',
        where: `tenant_id = '${tenant}' AND purpose = '${purpose}' AND algorithm = '${algorithm}'`,
      })
      const attempt = await bridge.tenant.relyingParty.begin()
      const refused = await expectLoud(() =>
        moved(key(b), key(a), () => {
          bridge.deps.tenants.forget('demo')
          return createBrowser().get(attempt.url)
        }),
      )
      expect(refused.status).toBe(500)
    }
    bridge.deps.tenants.forget('demo')
    expect((await logIn(bridge, sanne)).viaInstitution).toBe(false)
  })
})

describe('row 41 an older text put back into its own row', () => {
  const WHOLE = { untold: 0, unreadable: 0, older: 0, places: [] }

  test("row 41 a link's attributes from before it was proved anew open as ever, and are named", async () => {
    const tenant = await bridge.addTenant('put-back')
    const tenantId = (await tenantIdOf(bridge, 'put-back')) as TenantId
    const where = `tenant_id = '${tenantId}'`
    const wallet = await bridge.newWallet()
    await logIn(bridge, wallet, { tenant })
    const column = 'persisted_attributes_envelope'
    const table = 'identity_link_binding'
    const look = () =>
      rows<{ id: string; text: string }>(
        bridge,
        `SELECT id, ${column} AS text FROM ${table} WHERE ${where}`,
      )
    const put = (text = '') =>
      rows(bridge, `UPDATE ${table} SET ${column} = '${text}' WHERE ${where}`)
    const [older] = await look()
    await rows(bridge, `UPDATE ${table} SET expires_at = '2020-01-01T00:00:00.000Z' WHERE ${where}`)
    expect((await logIn(bridge, wallet, { tenant })).viaInstitution).toBe(true)
    const [newer] = await look()
    expect([newer?.id, newer?.text === older?.text]).toEqual([older?.id, false])
    expect(await sealsOf(bridge, 'put-back')).toEqual({ ...WHOLE, texts: 2 })

    await put(older?.text)
    const { body } = await redeem(tenant, await obtainCode(tenant, wallet))
    const headers = { authorization: `Bearer ${String(body.access_token)}` }
    const told = await fetch(`${tenant.issuer}/userinfo`, { headers })
    expect([told.status, (await told.json()).given_name]).toEqual([200, 'Sanne'])
    expect(await sealsOf(bridge, 'put-back')).toEqual({
      ...{ ...WHOLE, texts: 2, older: 1, places: [{ table, column, row: older?.id }] },
    })
    const environment = {
      PATH: process.env.PATH,
      DATABASE_URL: bridge.database.runtimeUrl,
      KEYRING,
    }
    const command = () => runCli(['audit', 'verify-sealed', 'put-back'], environment)
    const failed = await command()
    expect(failed.code).toBe(1)
    expect(failed.err).toContain(
      `put-back: an older text lies in ${table}.${column} of ${older?.id}`,
    )
    const daily = createJobs(bridge.deps).find(({ name }) => name === 'verify-audit')
    if (daily === undefined) throw new Error('the daily check is there')
    expect(await runNow(bridge.deps, daily, 'test')).toMatchObject({ word: 'failed' })
    expect(bridge.lines.join('\n')).toContain('sealed texts are older than the audit trail says')

    await put(newer?.text)
    expect(await command()).toMatchObject({ code: 0, err: '' })
    expect(await runNow(bridge.deps, daily, 'test')).toMatchObject({ word: 'ok' })

    // Whoever may write texts may write events too: the service's own login tells the old text once more.
    await query(
      bridge.database.runtimeUrl,
      `BEGIN; SELECT set_config('app.tenant_id', '${tenantId}', true);
       INSERT INTO audit_event (id, tenant_id, event_type, detail, created_at)
       SELECT gen_random_uuid()::text, tenant_id, 'binding_updated', detail, (SELECT max(created_at) FROM audit_event WHERE ${where})
         FROM audit_event WHERE ${where} AND event_type = 'binding_created'; COMMIT`,
    )
    expect(await sealsOf(bridge, 'put-back')).toEqual({ ...WHOLE, texts: 2 })
    await put(older?.text)
    expect(await sealsOf(bridge, 'put-back')).toEqual({
      ...{ ...WHOLE, texts: 2, older: 1, places: [{ table, column, row: older?.id }] },
    })
    expect(await runNow(bridge.deps, daily, 'test')).toMatchObject({ word: 'failed' })

    // Both tables, twice along the trail, and what is doubtful once more: each asks whether to go on.
    const asked = async (most: number) => {
      let times = 0
      const goOn = () => Promise.resolve(times++ < most)
      return [await verifySeals(bridge.deps, tenantId, goOn), times] as const
    }
    const [verdict, all] = await asked(Number.POSITIVE_INFINITY)
    expect([verdict?.older, all]).toEqual([1, 5])
    for (let most = 0; most < all; most++) expect(await asked(most)).toEqual([undefined, most + 1])
    await put(newer?.text)
  })

  /** Ends the tenant's link behind the back of `act`, which has read it and waits to write it. */
  async function endBehind<Result>(tenantId: string, act: () => Promise<Result>): Promise<Result> {
    const other = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await other.connect()
    try {
      await other.query(
        `BEGIN; UPDATE identity_link_binding SET deleted_at = updated_at WHERE tenant_id = '${tenantId}'`,
      )
      const acting = act()
      await expect
        .poll(async () => {
          const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
          return (await rows(bridge, waiting)).length
        })
        .toBe(1)
      await other.query('COMMIT')
      return await acting
    } finally {
      await other.end()
    }
  }
  const lastOf = async (tenantId: string, types: string) =>
    await rows(
      bridge,
      `SELECT event_type, detail::jsonb ->> 'reason' AS reason FROM audit_event
        WHERE tenant_id = '${tenantId}' AND event_type ~ '${types}' ORDER BY seq DESC LIMIT 1`,
    )

  test('row 41 a link that ends while a login without a wallet refreshes it is neither used nor told of', async () => {
    const tenant = await bridge.addTenant('ended-direct', { directLogin: true })
    const tenantId = await tenantIdOf(bridge, 'ended-direct')
    const first = await logIn(bridge, await bridge.newWallet(), { tenant })
    const second = await endBehind(tenantId, () => logInDirectly(bridge, { tenant }))
    expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
    expect(await lastOf(tenantId, '^binding_')).toMatchObject([{ event_type: 'binding_created' }])
    expect(await sealsOf(bridge, 'ended-direct')).toEqual({ ...WHOLE, texts: 4 })
  })

  test('row 41 a link that ends while it is proved anew: the login ends, and nothing is told of it', async () => {
    const tenant = await bridge.addTenant('ended-anew')
    const tenantId = await tenantIdOf(bridge, 'ended-anew')
    const wallet = await bridge.newWallet()
    await logIn(bridge, wallet, { tenant })
    await rows(
      bridge,
      `UPDATE identity_link_binding SET expires_at = '2020-01-01T00:00:00.000Z' WHERE tenant_id = '${tenantId}'`,
    )
    const { authorizationUrl, browser } = await reachInstitution(tenant, wallet)
    const callback = await loginAt(authorizationUrl, STUDENT)
    const page = await endBehind(tenantId, () => browser.follow(callback, isRelyingParty))
    expect([page.status, page.location]).toEqual([200, undefined])
    expect(page.text).toContain('We cannot log you in with this')
    expect(await lastOf(tenantId, '^(binding_|reconciliation_)')).toEqual([
      { event_type: 'reconciliation_failed', reason: 'identity_unavailable' },
    ])
    expect(await sealsOf(bridge, 'ended-anew')).toEqual({ ...WHOLE, texts: 2 })
    expect((await logIn(bridge, wallet, { tenant })).viaInstitution).toBe(true)
  })
})

describe('row 42 row 50 GD-13 what is written', () => {
  /** Values that must not be found, by what they are. */
  const markers = new Map<string, string>()
  /** A value that is stored in the clear, to see that the search finds what is there. */
  const PLAIN = 'Zichtbare-Naam-Kompas'
  const person = {
    given_name: 'Zwaluwtje',
    family_name: 'Kruidenierszoon',
    email: 'zwaluwtje.kruidenierszoon@marker.example',
    schac_home_organization: 'kwetsbaar.marker.example',
  }

  function mark(name: string, value: string | null | undefined): void {
    if (value === undefined || value === null || value.length < 8) throw new Error(`no ${name}`)
    markers.set(name, value)
  }
  const parameterOf = (url: string, name: string) => new URL(url).searchParams.get(name)

  /** Everything that can happen to a login happens once, with values that can be searched for. */
  beforeAll(async () => {
    const tenant = await bridge.addTenant('marked')
    const tenantId = (await tenantIdOf(bridge, 'marked')) as TenantId
    await rows(bridge, `UPDATE tenant SET name_en = '${PLAIN}' WHERE id = '${tenantId}'`)
    for (const [name, value] of Object.entries(person)) mark(`wallet ${name}`, value)
    const provider = await startHostileProvider(await makeSigningKey('key-1'))
    const told = {
      sub: 'subject-Vuurtorenwachter-0042',
      given_name: 'Vuurtorenwachter',
      family_name: 'Schemerlantaarn',
      email: 'schemerlantaarn@institution.marker.example',
      eduperson_scoped_affiliation: ['student@geheimgebied.marker.example'],
    }
    provider.behave.claims = (claims) => ({ ...claims, ...told })
    provider.behave.userinfo = (claims) => ({ ...claims, ...told })
    for (const [name, value] of Object.entries(told)) mark(`institution ${name}`, String(value))
    const clientSecret = 'client-secret-Regenboogforel-31415'
    mark('provider secret', clientSecret)
    mark('relying party secret', tenant.clientSecret)
    const registered = { slug: 'marked', issuer: provider.issuer, clientId: 'bridge', clientSecret }
    await useProvider(bridge, tenant, registered)

    const holder = createWallet()
    const credential = await bridge.issuer.issue(person, holder.publicJwk)
    holder.add(credential)
    mark('issuer signature', credential.split('~')[0]?.split('.')[2])
    mark('disclosure', credential.split('~')[1])
    mark('holder key x', holder.publicJwk.x)

    const markRequest = async (journeyId: string, name: string) => {
      const [row] = await rows<{ request: Sealed; wallet_secrets: Sealed | null }>(
        bridge,
        `SELECT request, wallet_secrets FROM journey WHERE id = '${journeyId}'`,
      )
      if (row === undefined) throw new Error('no journey')
      const place = { tenant: tenantId, journey: journeyId as JourneyId }
      const asked = openRequest(bridge.deps.keyring, place, row.request)
      mark(`${name} relying party's state`, asked.state)
      // Gone with the wallet's answer (VP-082): what is marked then are the values of journeys still waiting.
      if (row.wallet_secrets === null) return
      const secrets = openWalletSecrets(bridge.deps.keyring, place, row.wallet_secrets)
      for (const [way, link] of Object.entries({
        same: secrets.sameDevice,
        qr: secrets.crossDevice,
      }))
        for (const [part, value] of Object.entries(link ?? {}))
          if (typeof value === 'string') mark(`${name} ${way} ${part}`, value)
    }

    // A first login to its end: presented, through the institution, granted, redeemed.
    const login = await reachInstitution(tenant, holder)
    await markRequest(login.journeyId, 'first login')
    const browserId = /=([A-Za-z0-9_-]{43})/.exec(login.browser.cookies(bridge.url))?.[1]
    mark('browser id', browserId)
    mark('upstream state', parameterOf(login.authorizationUrl, 'state'))
    mark('upstream nonce', parameterOf(login.authorizationUrl, 'nonce'))
    const callback = provider.authorize(login.authorizationUrl).href
    mark('upstream code', parameterOf(callback, 'code'))
    const page = await login.browser.follow(callback, isRelyingParty)
    mark('upstream verifier', provider.seen.form.get('code_verifier'))
    mark('code', parameterOf(page.location ?? '', 'code'))
    mark("relying party's verifier", login.attempt.verifier)
    const { tokens } = await login.attempt.finish(page.location ?? '')
    mark('access token', tokens.access_token)
    mark('ID token signature', tokens.id_token?.split('.')[2])

    // Known, and left behind in every state a journey can be in.
    const again = await obtainCode(tenant, holder)
    mark('code not redeemed', again.code)
    await markRequest(again.opened.journeyId, 'second login')
    const waiting = await open(tenant, holder)
    await markRequest(waiting.journeyId, 'waiting')
    const presented = await open(tenant, holder)
    await markRequest(presented.journeyId, 'presented')
    const { redirectUri = '' } = await answer(holder, presented)
    mark('response code', parameterOf(redirectUri, 'response_code'))
    const stranger = createWallet()
    stranger.add(await bridge.issuer.issue(person, stranger.publicJwk))
    const away = await reachInstitution(tenant, stranger)
    await markRequest(away.journeyId, 'away')
    mark('pending upstream state', parameterOf(away.authorizationUrl, 'state'))
    mark('pending upstream nonce', parameterOf(away.authorizationUrl, 'nonce'))

    await misbehave(tenant, holder, provider.authorize(away.authorizationUrl).href)
    await provider.close()
  })

  /** Every way to make the service complain, each with a value in it that it must not repeat. */
  async function misbehave(tenant: TestTenant, holder: Wallet, callback: string): Promise<void> {
    const evil = (name: string) => {
      const value = `Kwaadaardig-${name}-${crypto.randomUUID()}`
      mark(`hostile ${name}`, value)
      return value
    }
    const opened = await open(tenant, holder)
    const uri = opened.request.response_uri
    const post = (form: Record<string, string>) =>
      holder.post({ responseUri: uri, body: new URLSearchParams(form).toString() })
    await post({ state: evil('state'), vp_token: evil('vp_token') })
    await post({ state: opened.request.state, vp_token: evil('plain vp_token') })
    await post({ response: `${evil('jwe')}.a.b.c.d` })
    const vpToken = { eduid: [evil('presentation')], [evil('query id')]: ['x'] }
    await answer(holder, opened, { vpToken })
    const unloved = await open(tenant, holder)
    await fetch(new URL(unloved.link).searchParams.get('request_uri') ?? '', {
      method: 'POST',
      headers: { 'user-agent': evil('wallet') },
      body: new URLSearchParams({ wallet_metadata: JSON.stringify({ name: evil('metadata') }) }),
    })
    await post({
      error: evil('error'),
      error_description: evil('description'),
      state: unloved.request.state,
    })
    const code = { code: evil('code'), verifier: evil('verifier') }
    await redeem(tenant, code, {}, basic(evil('client'), evil('secret')))
    await redeem(tenant, code, {}, basic(tenant.clientId, evil('wrong secret')))
    await redeem(tenant, code, { redirect_uri: evil('redirect') })
    await redeem(tenant, { ...code, code: `\u0000${evil('nul code')}` })
    const get = async (address: string, headers: Record<string, string> = {}) =>
      (await fetch(`${bridge.url}${address}`, { headers, redirect: 'manual' })).text()
    await get(`/t/marked/authorize?client_id=${evil('client_id')}&redirect_uri=${evil('uri')}`)
    await get(`/t/${evil('tenant').toLowerCase()}/authorize`)
    await get(`/${evil('path')}?${evil('query')}`)
    await get(`/t/marked/userinfo`, { authorization: `Bearer ${evil('token')}` })
    await get(`/admin/v1/tenants`, { authorization: `Bearer iba_${evil('admin token')}` })
    await get(`/t/marked/return?response_code=${evil('response code')}`, {
      'user-agent': evil('user agent'),
      'x-forwarded-for': evil('address'),
      cookie: `${evil('cookie')}=${evil('cookie value')}`,
    })
    const wrong = new URL(callback)
    wrong.searchParams.set('error', evil('upstream error'))
    await get(`${wrong.pathname}${wrong.search}`)
    wrong.searchParams.delete('code')
    await get(`${wrong.pathname}${wrong.search}`)
    const browser = createBrowser()
    await later(bridge, 61_000, () => browser.get(opened.attempt.url))
  }

  /** The value as it would stand in text, in hex, and inside base64 or base64url at any of three places. */
  function spellings(value: string): string[] {
    const bytes = Buffer.from(value)
    const inside = times(3, (shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url')
      const first = Math.ceil((shift * 8) / 6)
      const last = Math.floor(((shift + bytes.length) * 8) / 6)
      return text.slice(first, last)
    })
    return [
      value,
      bytes.toString('hex'),
      ...inside,
      ...inside.map((text) => text.replaceAll('-', '+').replaceAll('_', '/')),
    ]
  }

  /** Names of the markers that stand in the bytes, in whatever spelling. */
  function found(haystack: Buffer): string[] {
    return [...markers].flatMap(([name, value]) =>
      spellings(value).some((text) => haystack.includes(text)) ? [name] : [],
    )
  }

  async function dump(): Promise<Map<string, Buffer>> {
    const tables = new Map<string, Buffer>()
    for (const table of await tableNames(bridge)) {
      const found = await rows<{ row: string }>(bridge, `SELECT t::text AS row FROM ${table} t`)
      tables.set(table, Buffer.from(found.map(({ row }) => row).join('\n')))
    }
    return tables
  }

  test('SD-18 VP-137 row 42 no table holds a name, an address, a subject, a code, a token, a state, a nonce, a verifier or a key', async () => {
    expect(markers.size).toBeGreaterThan(60)
    const tables = await dump()
    // The search finds what is there, and every table that a login touches has rows to be searched.
    expect(tables.get('tenant')?.includes(PLAIN)).toBe(true)
    for (const table of ['identity', 'identity_match', 'identity_link_binding', 'journey'])
      expect(tables.get(table)?.length).toBeGreaterThan(100)
    for (const table of ['reconciliation_session', 'login_grant', 'authorization_code'])
      expect(tables.get(table)?.length).toBeGreaterThan(100)
    const hits = [...tables].flatMap(([table, bytes]) =>
      found(bytes).map((name) => `${table}: ${name}`),
    )
    expect(hits).toEqual([])
  })

  test('row 42 nor do the files of the database and its write-ahead log', async () => {
    await asSuperuser('CHECKPOINT')
    const [own] = await rows<{ oid: string }>(
      bridge,
      `SELECT oid::text FROM pg_database WHERE datname = current_database()`,
    )
    const folder = clusterDataDirectory()
    const others = new RegExp(`^base/(?!${own?.oid}/)`)
    const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !others.test(path.relative(folder, file)))
    const seen = { base: false, wal: false }
    const hits: string[] = []
    for (const file of files) {
      // A file of another test may be gone by now.
      const bytes = await readFile(file).catch(() => Buffer.alloc(0))
      const place = path.relative(folder, file)
      if (bytes.includes(PLAIN)) {
        seen.base ||= place.startsWith('base/')
        seen.wal ||= place.startsWith('pg_wal/')
      }
      hits.push(...found(bytes).map((name) => `${place}: ${name}`))
    }
    expect(seen).toEqual({ base: true, wal: true })
    expect(hits).toEqual([])
  })

  test('row 50 no log line, audit row or metric repeats what was brought from outside', async () => {
    const log = bridge.lines.join('\n')
    expect(bridge.lines.length).toBeGreaterThan(100)
    expect(log).toContain('"tenant":"marked"')
    expect(found(Buffer.from(log))).toEqual([])
    // CR-23: nor a hash of somebody.
    expect(log).not.toMatch(/uEi[A-Za-z0-9_-]{20}/)
    expect(log).not.toMatch(/eyJ[A-Za-z0-9_-]{10}|v1\.[a-z0-9]+\.[A-Za-z0-9_-]{16}\./)
    const trail = (await dump()).get('audit_event')
    expect(trail?.includes('presentation_refused')).toBe(true)
    expect(trail?.includes('client_authentication_failed')).toBe(true)
    expect(found(trail ?? Buffer.alloc(0))).toEqual([])
    // A person's pseudonym in the trail is none of the hashes they are found by.
    const hashes = await rows<{ hash: string }>(
      bridge,
      `SELECT identifier_hash AS hash FROM identity_match
       UNION SELECT institution_identifier_hash FROM identity_link_binding`,
    )
    expect(hashes.length).toBeGreaterThan(5)
    for (const { hash } of hashes) expect(trail?.includes(hash)).toBe(false)
    const metrics = await (await fetch(`${bridge.url}/metrics`)).text()
    expect(metrics.length).toBeGreaterThan(100)
    expect(found(Buffer.from(metrics))).toEqual([])
  })

  test('row 50 AU-11 every line of the log has known members only', () => {
    const known = new Set(
      'level time msg correlation_id tenant method route status ms failure reason job counts variable address version error at'.split(
        ' ',
      ),
    )
    const unknown = bridge.lines.flatMap((line) =>
      Object.keys(JSON.parse(line)).filter((name) => !known.has(name)),
    )
    expect(unknown).toEqual([])
  })
})
