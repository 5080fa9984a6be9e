import { calculateJwkThumbprint as thumbprintOf } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { newKeySecret } from '../../src/crypto/keyring-text.ts'
import { DataAccess, enrichmentOf, NO_ACCESS } from '../../src/domain/data-access.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/service.ts'
import { type Bridge, logIn, startBridge, testConfig } from '../support/bridge.ts'
import { lockWaits } from '../support/locks.ts'
import { ACCESS, askWith, type Caller, newCaller, newPerson, rows } from './world.ts'

let bridge: Bridge
let caller: Caller
let person: Awaited<ReturnType<typeof newPerson>>
let account: string
beforeAll(async () => {
  bridge = await startBridge()
  caller = await newCaller(bridge)
  person = await newPerson(bridge)
  account = bridge.institution.subjectOf('sanne', 'bridge-demo')
})
afterAll(() => bridge.stop())

const events = (type: string) =>
  rows<{ client_id: string; subject_hash: string | null; detail: string }>(
    bridge,
    `SELECT client_id, subject_hash, detail FROM audit_event WHERE event_type = '${type}' ORDER BY seq`,
  )
const NOBODY = { found: false, strength: null, person: null }
const byAccount = (identifier = account, provider = 'surf') => ({
  body: { identifier_type: 'SUBJECT_ID', provider, identifier },
})

describe('lookup', () => {
  test('issue 4.7 finds a person by an account at an institution', async () => {
    const { status, body, headers } = await caller.ask('POST', '/lookup', byAccount())
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      found: true,
      strength: 'identifies',
      person: {
        identity_id: person.id,
        claims: { given_name: 'Sanne' },
        auxiliary: {},
        assurance: { acr: [], amr: expect.any(Array), auth_time: null },
        last_verified_at: expect.stringMatching(/Z$/),
      },
    })
  })

  test('issue 4.7 unknown value, unknown provider and unknown wallet are answered alike', async () => {
    const asked = [
      byAccount('nobody'),
      byAccount(account, 'elsewhere'),
      { body: { identifier_type: 'KEY', identifier: 'A'.repeat(43) } },
      { body: { identifier_type: 'DID', identifier: 'did:web:nobody.example' } },
    ]
    for (const one of asked) {
      const { status, body } = await caller.ask('POST', '/lookup', one)
      expect([status, body]).toEqual([200, NOBODY])
    }
  })

  test('issue 4.7 every lookup is in the audit trail with the client, found or not, and without the identifier', async () => {
    const before = (await events('person_looked_up')).length
    await caller.ask('POST', '/lookup', byAccount())
    await caller.ask('POST', '/lookup', byAccount('nobody'))
    const [found, missed] = (await events('person_looked_up')).slice(before)
    expect(found).toMatchObject({ client_id: caller.client.id, subject_hash: expect.any(String) })
    expect(missed).toMatchObject({ client_id: caller.client.id, subject_hash: null })
    expect(JSON.parse(found?.detail ?? '')).toEqual({ found: true, identifier: 'SUBJECT_ID' })
    expect(JSON.parse(missed?.detail ?? '')).toEqual({ found: false, identifier: 'SUBJECT_ID' })
    expect(bridge.lines.join('')).not.toContain(account)
  })

  test('issue 4.7 nobody, and somebody who may not be shown, cost the same work: time does not tell them apart', async () => {
    const { counters } = bridge.deps.db
    const costOf = async (path: string, body: object) => {
      // Each of them asks anew what the tenant is like, which is done once a second.
      bridge.clock.advance(2_000)
      const before = { ...counters }
      await caller.ask('POST', path, { body })
      return [
        counters.roundTrips - before.roundTrips,
        counters.transactions - before.transactions,
        counters.statements - before.statements,
      ]
    }
    const nobody = await costOf('/lookup', byAccount('nobody').body)
    const unknown = await costOf('/enrichment', { subject: 'nobody' })
    await rows(bridge, `UPDATE identity SET status = 'RESTRICTED' WHERE id = '${person.id}'`)
    const restricted = await costOf('/lookup', byAccount().body)
    const hidden = await costOf('/enrichment', { subject: person.subject })
    await rows(bridge, `UPDATE identity SET status = 'ACTIVE' WHERE id = '${person.id}'`)
    expect([restricted, hidden]).toEqual([nobody, unknown])
  })

  test('issue 4.7 an erased or restricted person is answered like nobody', async () => {
    await rows(bridge, `UPDATE identity SET status = 'RESTRICTED' WHERE id = '${person.id}'`)
    const { body } = await caller.ask('POST', '/lookup', byAccount())
    const read = await caller.ask('GET', `/identities/${person.id}`)
    await rows(bridge, `UPDATE identity SET status = 'ACTIVE' WHERE id = '${person.id}'`)
    expect(body).toEqual(NOBODY)
    expect(read.status).toBe(404)
  })

  test.each([
    ['an unknown type', { identifier_type: 'PHONE', identifier: '+31' }],
    ['an unknown member', { ...byAccount('x').body, hash: 'x' }],
    ['a value that is too long', byAccount('x'.repeat(1025)).body],
    ['no body', ''],
  ])('issue 4.10 %s is a 400 with problem details that repeat nothing', async (_, body) => {
    const { status, body: problem, headers } = await caller.ask('POST', '/lookup', { body })
    expect([status, problem.code]).toEqual([400, 'invalid_request'])
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(JSON.stringify(problem)).not.toContain('xxxx')
  })
})

describe('reading by id', () => {
  test('issue 4.7 the person, and the claims alone', async () => {
    const whole = await caller.ask('GET', `/identities/${person.id}`)
    expect(whole.body).toMatchObject({ identity_id: person.id, claims: { given_name: 'Sanne' } })
    const claims = await caller.ask('GET', `/identities/${person.id}/claims`)
    expect(claims.body).toEqual({ claims: { given_name: 'Sanne' } })
    expect((await caller.ask('GET', `/identities/${crypto.randomUUID()}`)).status).toBe(404)
  })

  test('issue 4.7 projections fail closed: a registration that names nothing shows nothing', async () => {
    const blind = await newCaller(bridge, { access: NO_ACCESS })
    const { body } = await blind.ask('GET', `/identities/${person.id}`)
    expect(body).toMatchObject({ claims: {}, auxiliary: {} })
    expect((await blind.ask('GET', `/identities/${person.id}/auxiliary`)).body).toEqual({
      auxiliary: [],
    })
  })

  test('issue 4.7 a token without the scope is refused before anybody is looked for', async () => {
    const other = await newCaller(bridge, { scopes: ['devices:manage'] })
    for (const id of [person.id, crypto.randomUUID()]) {
      const { status, body } = await other.ask('GET', `/identities/${id}`)
      expect([status, body.code]).toEqual([403, 'insufficient_scope'])
    }
    expect((await askWith(`${bridge.tenant.issuer}/api/v1/lookup`, 'POST', undefined)).status).toBe(
      401,
    )
  })

  test('issue 4.7 last_used_at moves on every access, lastVerifiedAt does not', async () => {
    const used = async () => {
      const [row] = await rows<{ at: string }>(
        bridge,
        `SELECT max(last_used_at) AS at FROM identity_match WHERE internal_identity_id = '${person.id}'`,
      )
      return row?.at ?? ''
    }
    const verified = async () =>
      (await caller.ask('GET', `/identities/${person.id}`)).body.last_verified_at
    const first = await verified()
    const path = `/identities/${person.id}`
    const accesses: [string, string, object?][] = [
      ['GET', path],
      ['GET', `${path}/claims`],
      ['PUT', `${path}/auxiliary/enrolment`, { fields: { year: 1 } }],
      ['GET', `${path}/auxiliary`],
      ['GET', `${path}/auxiliary/enrolment`],
      ['DELETE', `${path}/auxiliary/enrolment`],
      ['GET', `${path}/devices`],
      ['POST', '/lookup', byAccount().body],
      ['POST', '/enrichment', { subject: person.subject }],
    ]
    for (const [method, at, body] of accesses) {
      bridge.clock.advance(1_000)
      const now = new Date(bridge.clock.now()).toISOString()
      const { status } = await caller.ask(method, at, body === undefined ? {} : { body })
      expect(status, `${method} ${at}`).toBeLessThan(300)
      expect((await used()) >= now, `${method} ${at}`).toBe(true)
    }
    expect(await verified()).toBe(first)
    bridge.clock.advance(-1_000 * accesses.length)
  })

  test('issue 4.7 last_used_at moves too where no link is left: the account by which the person would come back', async () => {
    const link = (set: string) =>
      rows(
        bridge,
        `UPDATE identity_link_binding SET ${set} WHERE match_id IN (SELECT id FROM identity_match WHERE internal_identity_id = '${person.id}')`,
      )
    const first = async () => {
      const [row] = await rows<{ at: string }>(
        bridge,
        `SELECT min(last_used_at) AS at FROM identity_match WHERE internal_identity_id = '${person.id}'`,
      )
      return row?.at ?? ''
    }
    await link(`deleted_at = created_at, deletion_reason = 'USER_UNLINK'`)
    bridge.clock.advance(5_000)
    const now = new Date(bridge.clock.now()).toISOString()
    expect((await caller.ask('GET', `/identities/${person.id}`)).body.claims).toEqual({})
    expect((await first()) >= now).toBe(true)
    await link('deleted_at = NULL, deletion_reason = NULL')
    bridge.clock.advance(-5_000)
  })

  test('issue 4.7 a merged person is read under the survivor’s id, from either id', async () => {
    const gone = crypto.randomUUID()
    await rows(
      bridge,
      `INSERT INTO identity (tenant_id, id, status, merged_into, wrapped_data_key, data_key_version, audit_salt, created_at)
       SELECT tenant_id, '${gone}', 'MERGED', id, wrapped_data_key, 1, audit_salt, created_at FROM identity WHERE id = '${person.id}'`,
    )
    expect((await caller.ask('GET', `/identities/${gone}`)).body.identity_id).toBe(person.id)
    await rows(
      bridge,
      `INSERT INTO pairwise_subject (tenant_id, sector, subject, created_at, origin_id)
       SELECT tenant_id, 'app.example', 'known-before', created_at, id FROM identity WHERE id = '${gone}'`,
    )
    const before = await caller.ask('POST', '/enrichment', { body: { subject: 'known-before' } })
    expect(before.body).toEqual({ claims: { given_name: 'Sanne' } })
    await rows(
      bridge,
      `DELETE FROM pairwise_subject WHERE origin_id = '${gone}'; DELETE FROM identity WHERE id = '${gone}'`,
    )
  })
})

test('whoever is merged while somebody reads them is read as the survivor', async () => {
  const other = await newPerson(bridge, { username: 'milan', password: 'milan-demo' })
  const client = new pg.Client(bridge.database.superuserUrl)
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query(
      `UPDATE identity SET status = 'MERGED', merged_into = '${person.id}' WHERE id = '${other.id}'`,
    )
    const reading = caller.ask('GET', `/identities/${other.id}`)
    const writing = caller.ask('PUT', `/identities/${other.id}/auxiliary/enrolment`, {
      body: { fields: {} },
    })
    await lockWaits(bridge, 2)
    await client.query('COMMIT')
    expect((await reading).body.identity_id).toBe(person.id)
    expect((await writing).status).toBe(201)
  } finally {
    await client.end()
    await rows(bridge, 'DELETE FROM auxiliary_data')
  }
})

describe('the edges of HTTP', () => {
  const at = (path: string) => `${bridge.tenant.issuer}/api/v1${path}`

  test('RFC 9457 whatever the caller would like to read, an error is problem details; what it could not read is a 406', async () => {
    const headers = { accept: 'text/html' }
    const asked: [number, string, string][] = [
      [404, 'GET', `/identities/${crypto.randomUUID()}/claims/none`],
      [405, 'PUT', '/lookup'],
      [406, 'GET', `/identities/${person.id}`],
    ]
    for (const [status, method, path] of asked) {
      const told = await caller.ask(method, path, { headers })
      expect([told.status, told.body.status, told.headers.get('content-type')]).toEqual([
        ...[status, status, 'application/problem+json'],
      ])
    }
    const read = async (accept: string) =>
      (await caller.ask('GET', `/identities/${person.id}`, { headers: { accept } })).status
    expect(await read('text/html, application/*;q=0.5')).toBe(200)
    expect(await read('*/*, application/json;q=0.0')).toBe(406)
  })

  test('RFC 9457 3.1.3 the title of a problem is the same wherever its code is; what is wrong here is its detail', async () => {
    const [one, two] = [
      (await caller.ask('POST', '/lookup', byAccount('x'.repeat(1025)))).body,
      (await caller.ask('POST', '/lookup', { body: '' })).body,
    ]
    expect([one.title, one.code]).toEqual([two.title, two.code])
    expect(one.detail).toBe('identifier: too_big (at most 1024)')
    expect(two.detail).toBe('body: not strict JSON in UTF-8')
  })

  test('issue 4.10 another method is a 405 with problem details that say which there are', async () => {
    const { status, body, headers } = await caller.ask('POST', `/identities/${person.id}`)
    expect([status, body.code, headers.get('allow')]).toEqual([
      ...[405, 'method_not_allowed', 'GET, DELETE'],
    ])
    expect(headers.get('content-type')).toBe('application/problem+json')
  })

  test('RFC 9110 8.4 a compressed body is a 415, whatever it holds', async () => {
    const headers = { 'content-encoding': 'gzip' }
    const { status } = await caller.ask('POST', '/lookup', { ...byAccount(), headers })
    expect(status).toBe(415)
    const same = { 'content-encoding': 'identity' }
    expect((await caller.ask('POST', '/lookup', { ...byAccount(), headers: same })).status).toBe(
      200,
    )
  })

  test('RFC 6750 3 who shows no token is challenged without an error, who shows a wrong one with it', async () => {
    const challengeOf = async (token: string | undefined) =>
      (await askWith(at('/lookup'), 'POST', token)).headers.get('www-authenticate')
    expect(await challengeOf(undefined)).toBe('Bearer')
    expect(await challengeOf('nonsense')).toBe('Bearer error="invalid_token"')
  })
})

describe('token enrichment', () => {
  test('issue 4.8 by token subject and by id, what the caller’s registration names', async () => {
    for (const body of [{ subject: person.subject }, { identity_id: person.id }]) {
      const told = await caller.ask('POST', '/enrichment', { body })
      expect([told.status, told.body]).toEqual([200, { claims: { given_name: 'Sanne' } }])
    }
    const blind = await newCaller(bridge, { access: NO_ACCESS })
    const { body } = await blind.ask('POST', '/enrichment', { body: { subject: person.subject } })
    expect(body).toEqual({ claims: {} })
  })

  test('fault 18 the same data by every name a person has: each subject, each wallet, the account and the id', async () => {
    const before = { average: 7, sub: 'somebody-else' }
    const owner = await newCaller(bridge, {
      access: { claims: [], auxiliary: [{ category: 'enrolment', read: 'all', write: true }] },
    })
    const path = `/identities/${person.id}/auxiliary/enrolment`
    expect((await owner.ask('PUT', path, { body: { fields: before } })).status).toBe(201)
    const second = await newPerson(bridge)
    expect(second).toEqual(person)
    const told = { claims: { enrolment: before } }
    for (const body of [{ subject: person.subject }, { identity_id: person.id }])
      expect((await owner.ask('POST', '/enrichment', { body })).body).toMatchObject(told)
    expect((await owner.ask('POST', '/lookup', byAccount())).body.person).toMatchObject({
      ...{ identity_id: person.id, auxiliary: { enrolment: before } },
    })
    expect((await owner.ask('DELETE', path)).status).toBe(204)
    const gone = await owner.ask('POST', '/enrichment', { body: { subject: person.subject } })
    expect(gone.body).toEqual({ claims: {} })
  })

  test('issue 4.8 an unknown subject and an unknown id are a 404, categories of the caller’s choosing a 400', async () => {
    for (const body of [{ subject: 'nobody' }, { identity_id: crypto.randomUUID() }])
      expect((await caller.ask('POST', '/enrichment', { body })).status).toBe(404)
    const chosen = { subject: person.subject, categories: ['grades'] }
    expect((await caller.ask('POST', '/enrichment', { body: chosen })).status).toBe(400)
  })

  test('issue 4.8 no category can have the name of a claim that tokens are made of', () => {
    for (const category of ['sub', 'iss', 'acr', 'client_id', 'cnf'])
      expect(
        DataAccess.safeParse({ claims: [], auxiliary: [{ category, read: 'all', write: false }] })
          .success,
        category,
      ).toBe(false)
    expect(DataAccess.safeParse(ACCESS).success).toBe(true)
    expect(enrichmentOf({ given_name: 'S' }, { sub: { x: 1 }, given_name: { y: 1 } })).toEqual({
      given_name: 'S',
    })
  })
})

describe('the limit of lookups', () => {
  test('issue 4.7 is the client’s own: one that asks too much is a 429, the others go on', async () => {
    const narrow = await startBridge({ env: { RATE_LIMIT_PER_MINUTE: '80' } })
    try {
      const [greedy, modest] = [await newCaller(narrow), await newCaller(narrow)]
      const statuses: number[] = []
      for (let turn = 0; turn < 21; turn += 1)
        statuses.push((await greedy.ask('POST', '/lookup', byAccount('nobody'))).status)
      expect(statuses.slice(0, 20).every((status) => status === 200)).toBe(true)
      expect(statuses[20]).toBe(429)
      expect((await greedy.ask('POST', '/lookup', byAccount('nobody'))).status).toBe(429)
      const alarms = await rows(
        narrow,
        `SELECT client_id FROM audit_event WHERE event_type = 'lookup_limit_reached'`,
      )
      expect(alarms, 'row 43: told once').toEqual([{ client_id: greedy.client.id }])
      expect((await modest.ask('POST', '/lookup', byAccount('nobody'))).status).toBe(200)
      expect((await greedy.ask('GET', `/identities/${crypto.randomUUID()}`)).status).toBe(404)
    } finally {
      await narrow.stop()
    }
  })
})

describe('key versions', () => {
  test.each(['A', 'B'] as const)(
    'issue 4.7 a lookup finds what an older version of key %s made, on either side of a rotation',
    async (rotated) => {
      const { keys } = JSON.parse(createKeyringText()) as { keys: { key: string }[] }
      const secret = Buffer.from(newKeySecret()).toString('base64url')
      const ring = (first: string, second: string) => {
        const older = keys.map((one) => (one.key === rotated ? { ...one, state: first } : one))
        return JSON.stringify({
          keys: [...older, { key: rotated, version: 2, state: second, secret }],
        })
      }
      const before = await startBridge({ keyring: ring('current', 'pending') })
      const config = { ...testConfig(Number(new URL(before.url).port)), port: 0 }
      const rotatedService = await startService(config, {
        ...{
          databaseUrl: before.database.runtimeUrl,
          keyring: parseKeyring(ring('previous', 'current')),
        },
        ...{ clock: before.clock.now, log: createLog('silent') },
      })
      try {
        const { token } = await newCaller(before)
        const wallet = await before.newWallet()
        await logIn(before, wallet)
        const asked = {
          A: { body: { identifier_type: 'KEY', identifier: await thumbprintOf(wallet.publicJwk) } },
          B: byAccount(before.institution.subjectOf('sanne', 'bridge-demo')),
        }[rotated]
        for (const origin of [before.url, rotatedService.address]) {
          const url = `${origin}/t/demo/api/v1/lookup`
          expect((await askWith(url, 'POST', token, asked)).body.found, origin).toBe(true)
        }
      } finally {
        await rotatedService.stop()
        await before.stop()
      }
    },
  )
})
