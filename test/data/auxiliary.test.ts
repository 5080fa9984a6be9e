import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DAY, MINUTE } from '../../src/domain/time.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { expireAuxiliaryJob } from '../../src/job/expire-auxiliary.ts'
import { expireJourneysJob } from '../../src/job/expire-journeys.ts'
import { ACTOR, type Bridge, startBridge } from '../support/bridge.ts'
import { sealsOf, tally, times } from '../threats/attack.ts'
import { askWith, type Caller, newCaller, newPerson, rows } from './world.ts'

let bridge: Bridge
let caller: Caller
let id: string
beforeAll(async () => {
  bridge = await startBridge()
  caller = await newCaller(bridge)
  id = (await newPerson(bridge)).id
})
afterAll(() => bridge.stop())
beforeEach(() => rows(bridge, 'DELETE FROM auxiliary_data'))

const at = (category = 'enrolment') => `/identities/${id}/auxiliary/${category}`
const FIELDS = { programme: 'Law', year: 2, 'passed.all': true }
const put = (
  fields: unknown = FIELDS,
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
) => caller.ask('PUT', at(), { body: { fields, ...more }, headers })
const eventsOf = async (type: string) =>
  (await rows(bridge, `SELECT FROM audit_event WHERE event_type = '${type}'`)).length

describe('auxiliary data', () => {
  test('issue 4.7 put, read one, read all, delete', async () => {
    const made = await put()
    expect([made.status, made.body]).toEqual([
      201,
      { category: 'enrolment', expires_at: null, updated_at: expect.any(String) },
    ])
    const one = await caller.ask('GET', at())
    expect(one.body).toEqual({ ...made.body, fields: FIELDS })
    expect(one.headers.get('etag')).toBe(made.headers.get('etag'))
    expect((await caller.ask('GET', `/identities/${id}/auxiliary`)).body).toEqual({
      auxiliary: [one.body],
    })
    expect((await caller.ask('GET', `/identities/${id}`)).body.auxiliary).toEqual({
      enrolment: FIELDS,
    })
    expect((await put({ year: 3 })).status).toBe(200)
    expect((await caller.ask('GET', at())).body.fields).toEqual({ year: 3 })
    expect((await caller.ask('DELETE', at())).status).toBe(204)
    for (const method of ['GET', 'DELETE'])
      expect((await caller.ask(method, at())).status).toBe(404)
  })

  test('issue 4.7 it lies sealed under the person’s own key; each change is in the audit trail', async () => {
    const before = await eventsOf('auxiliary_written')
    await put({ secret: 'MARKER-1' })
    const [row] = await rows<{ text: string }>(
      bridge,
      'SELECT auxiliary_data::text AS text FROM auxiliary_data',
    )
    expect(row?.text).toContain('v1.d1.')
    expect(row?.text).not.toContain('MARKER-1')
    expect(await eventsOf('auxiliary_written')).toBe(before + 1)
    expect(bridge.lines.join('')).not.toContain('MARKER-1')
  })

  test('row 41 an older text in place of a newer one, and a row that was deleted, are named', async () => {
    const column = 'encrypted_payload'
    const look = () =>
      rows<{ id: string; text: string }>(bridge, `SELECT id, ${column} AS text FROM auxiliary_data`)
    await put({ year: 1 })
    const [older] = await look()
    await put({ year: 2 })
    const place = { table: 'auxiliary_data', column, row: older?.id }
    expect(await sealsOf(bridge, 'demo')).toMatchObject({ texts: 3, untold: 0, older: 0 })
    await rows(bridge, `UPDATE auxiliary_data SET ${column} = '${older?.text}'`)
    expect((await caller.ask('GET', at())).body.fields).toEqual({ year: 1 })
    expect(await sealsOf(bridge, 'demo')).toMatchObject({ older: 1, places: [place] })
    await put({ year: 3 })
    expect(await sealsOf(bridge, 'demo')).toMatchObject({ older: 0 })

    await rows(bridge, 'CREATE TABLE kept AS SELECT * FROM auxiliary_data')
    expect((await caller.ask('DELETE', at())).status).toBe(204)
    expect(await sealsOf(bridge, 'demo')).toMatchObject({ texts: 2, older: 0 })
    await rows(bridge, 'INSERT INTO auxiliary_data SELECT * FROM kept; DROP TABLE kept')
    expect(await sealsOf(bridge, 'demo')).toMatchObject({ texts: 3, older: 1, places: [place] })
  })

  test('issue 4.7 a client reads the fields and writes the categories its registration names, no others', async () => {
    const owner = await newCaller(bridge, {
      access: { claims: [], auxiliary: [{ category: 'grades', read: [], write: true }] },
    })
    const fields = { average: 8, list: [7, 9] }
    expect((await owner.ask('PUT', at('grades'), { body: { fields } })).status).toBe(201)
    expect((await caller.ask('GET', at('grades'))).body.fields).toEqual({ average: 8 })
    const before = await eventsOf('access_denied')
    const refused = [
      await owner.ask('GET', at('grades')),
      await caller.ask('PUT', at('grades'), { body: { fields } }),
      await caller.ask('DELETE', at('grades')),
      await caller.ask('GET', at('unknown')),
      await owner.ask('GET', `/identities/${crypto.randomUUID()}/auxiliary/grades`),
    ]
    for (const { status, body } of refused)
      expect([status, body.code]).toEqual([403, 'category_forbidden'])
    expect(await eventsOf('access_denied'), 'each is told in the trail').toBe(before + 5)
    expect((await owner.ask('GET', `/identities/${id}/auxiliary`)).body).toEqual({ auxiliary: [] })
  })

  test('issue 4.7 writing needs the scope, whatever the categories say', async () => {
    const reader = await newCaller(bridge, { scopes: ['reconciliation:read'] })
    const before = await eventsOf('access_denied')
    const { status, body } = await reader.ask('PUT', at(), { body: { fields: FIELDS } })
    expect([status, body.code]).toEqual([403, 'insufficient_scope'])
    expect(await eventsOf('access_denied')).toBe(before + 1)
  })

  test('issue 4.7 an unknown person, written to, is a 404 and leaves nothing', async () => {
    const nobody = `/identities/${crypto.randomUUID()}/auxiliary/enrolment`
    expect((await caller.ask('PUT', nobody, { body: { fields: FIELDS } })).status).toBe(404)
    expect((await caller.ask('DELETE', nobody)).status).toBe(404)
    expect(await rows(bridge, 'SELECT FROM auxiliary_data')).toEqual([])
  })

  test('issue 4.7 expires_at: gone at that instant for readers, and from the table by the job', async () => {
    const end = new Date(bridge.clock.now() + 60_000).toISOString()
    await put(FIELDS, {}, { expires_at: end })
    expect((await caller.ask('GET', at())).body.expires_at).toBe(end)
    bridge.clock.advance(60_001)
    expect((await caller.ask('GET', at())).status).toBe(404)
    expect((await put()).status).toBe(201)
    await put(FIELDS, {}, { expires_at: new Date(bridge.clock.now() + 1_000).toISOString() })
    bridge.clock.advance(1_001)
    await runJob()
    expect(await rows(bridge, 'SELECT FROM auxiliary_data')).toEqual([])
    bridge.clock.advance(-61_002)
    const past = new Date(bridge.clock.now() - 1).toISOString()
    expect((await put(FIELDS, {}, { expires_at: past })).status).toBe(400)
  })

  test('Art. 18 GDPR of a person under restriction nothing expires, nor of whoever was merged into them', async () => {
    const end = new Date(bridge.clock.now() + 1_000).toISOString()
    await put(FIELDS, {}, { expires_at: end })
    const set = (status: string) =>
      rows(bridge, `UPDATE identity SET status = '${status}' WHERE id = '${id}'`)
    await set('RESTRICTED')
    const merged = crypto.randomUUID()
    await rows(
      bridge,
      `INSERT INTO identity (tenant_id, id, status, merged_into, wrapped_data_key, data_key_version, audit_salt, created_at)
       SELECT tenant_id, '${merged}', 'MERGED', id, wrapped_data_key, 1, audit_salt, created_at FROM identity WHERE id = '${id}';
       INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at, expires_at)
       SELECT 'theirs', tenant_id, '${merged}', category, 'v1.x', created_at, updated_at, expires_at FROM auxiliary_data`,
    )
    bridge.clock.advance(1_001)
    await runJob()
    expect(await rows(bridge, 'SELECT FROM auxiliary_data')).toHaveLength(2)
    await set('ACTIVE')
    await runJob()
    expect(await rows(bridge, 'SELECT FROM auxiliary_data')).toEqual([])
    await rows(bridge, `DELETE FROM identity WHERE id = '${merged}'`)
    bridge.clock.advance(-1_001)
  })

  test.each([
    ['too many fields', Object.fromEntries(times(101, (at) => [`f${at}`, 1]))],
    ['a name that is none', { 'a b': 1 }],
    ['too deep', { a: [[[[[[[[[1]]]]]]]]] }],
    ['no object', [1]],
  ])('issue 4.7 limits: %s is a 400', async (_, fields) => {
    expect((await put(fields)).status).toBe(400)
  })

  test('issue 4.7 limits: more than 32 KiB is a 413, no JSON a 415', async () => {
    expect((await put({ text: 'x'.repeat(33 * 1024) })).status).toBe(413)
    const headers = { 'content-type': 'text/plain' }
    expect((await caller.ask('PUT', at(), { body: '{}', headers })).status).toBe(415)
  })
})

describe('versions', () => {
  test('RFC 9110 If-None-Match on reading answers 304 while nothing changed', async () => {
    const etag = (await put()).headers.get('etag') ?? ''
    const unchanged = await caller.ask('GET', at(), { headers: { 'if-none-match': `W/${etag}` } })
    expect([unchanged.status, unchanged.text]).toEqual([304, ''])
    await put()
    const changed = await caller.ask('GET', at(), { headers: { 'if-none-match': etag } })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  test('RFC 9110 If-Match and If-None-Match guard writes', async () => {
    expect((await put(FIELDS, { 'if-match': '*' })).status).toBe(412)
    const etag = (await put(FIELDS, { 'if-none-match': '*' })).headers.get('etag') ?? ''
    expect((await put(FIELDS, { 'if-none-match': '*' })).status).toBe(412)
    const next = await put(FIELDS, { 'if-match': `"x", ${etag}` })
    expect(next.status).toBe(200)
    expect((await put(FIELDS, { 'if-match': etag })).body.code).toBe('precondition_failed')
    const stale = { headers: { 'if-match': etag } }
    expect((await caller.ask('DELETE', at(), stale)).status).toBe(412)
    const now = { headers: { 'if-match': next.headers.get('etag') ?? '' } }
    expect((await caller.ask('DELETE', at(), now)).status).toBe(204)
  })

  test('RFC 9110 13.1.1 and 13.2.1 a condition is judged where the request would do without it, and on reading as well', async () => {
    const etag = (await put()).headers.get('etag') ?? ''
    const read = (tag: string) => caller.ask('GET', at(), { headers: { 'if-match': tag } })
    expect((await read(etag)).status).toBe(200)
    expect((await read('"another"')).body.code).toBe('precondition_failed')
    const past = { expires_at: '2020-01-01T00:00:00.000Z' }
    expect((await put(FIELDS, { 'if-match': '"another"' }, past)).status).toBe(400)
    await caller.ask('DELETE', at())
    for (const method of ['GET', 'DELETE'])
      expect((await caller.ask(method, at(), { headers: { 'if-match': etag } })).status).toBe(404)
  })

  test('RFC 9110 8.8.3 whose registration shows other fields has another version before them', async () => {
    const access = (read: string[]) => ({
      ...{ claims: [], auxiliary: [{ category: 'enrolment', read, write: true }] },
    })
    const own = await newCaller(bridge, { access: access(['programme']) })
    const before = (await put()).headers.get('etag') ?? ''
    const first = await own.ask('GET', at())
    const etag = first.headers.get('etag') ?? ''
    expect([first.body.fields, etag === before]).toEqual([{ programme: 'Law' }, false])
    await updateRelyingParty(bridge.deps, ACTOR, 'demo', own.client.relyingParty.clientId, {
      dataAccess: access(['year']),
    })
    const now = await own.ask('GET', at(), { headers: { 'if-none-match': etag } })
    expect([now.status, now.body.fields]).toEqual([200, { year: 2 }])
    const put2 = { body: { fields: {} }, headers: { 'if-match': now.headers.get('etag') ?? '' } }
    expect((await own.ask('PUT', at(), put2)).status).toBe(200)
  })

  test('issue 4.7 of 50 parallel writers with one version exactly one wins', async () => {
    const etag = (await put()).headers.get('etag') ?? ''
    const answers = await Promise.all(times(50, (n) => put({ n }, { 'if-match': etag })))
    expect(tally(answers.map(({ status }) => String(status)))).toEqual({ 200: 1, 412: 49 })
  })
})

describe('Idempotency-Key', () => {
  const withKey = (key = `"${crypto.randomUUID()}"`) => ({ 'idempotency-key': key })

  test('the same key and request: the same answer, one effect', async () => {
    const key = withKey()
    const before = await eventsOf('auxiliary_written')
    const first = await put(FIELDS, key)
    await put({ other: 1 })
    const again = await put(FIELDS, key)
    expect([again.status, again.body]).toEqual([first.status, first.body])
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'))
    expect(await eventsOf('auxiliary_written')).toBe(before + 2)
    expect((await caller.ask('GET', at())).body.fields).toEqual({ other: 1 })
    const gone = withKey()
    for (const _ of [1, 2])
      expect((await caller.ask('DELETE', at(), { headers: gone })).status).toBe(204)
  })

  test('the same key with another body, path or condition is a 422', async () => {
    const key = withKey()
    await put(FIELDS, key)
    const others = [
      await put({ other: 1 }, key),
      await put(FIELDS, { ...key, 'if-match': '*' }),
      await caller.ask('DELETE', at(), { headers: key }),
    ]
    for (const { status, body } of others)
      expect([status, body.code]).toEqual([422, 'idempotency_key_reused'])
    const other = await newCaller(bridge)
    const own = await other.ask('PUT', at(), { body: { fields: { own: 1 } }, headers: key })
    expect(own.status, 'a key is its client’s own').toBe(200)
  })

  test('50 parallel with one key: one effect; the others hear the same or 409', async () => {
    const key = withKey()
    const before = await eventsOf('auxiliary_written')
    const answers = await Promise.all(times(50, () => put(FIELDS, key)))
    expect(await eventsOf('auxiliary_written')).toBe(before + 1)
    for (const { status } of answers) expect([201, 409]).toContain(status)
    expect(answers.some(({ status }) => status === 201)).toBe(true)
    expect((await put(FIELDS, key)).status).toBe(201)
  })

  test('a refused request leaves the key free', async () => {
    const key = withKey()
    const refused = await put(FIELDS, { ...key, 'if-match': '*' })
    expect(refused.status).toBe(412)
    expect((await put(FIELDS, key)).status).toBe(201)
  })

  test('an attempt that died is followed by another after its time; until then it is a 409', async () => {
    const key = withKey()
    await put(FIELDS, key)
    await rows(bridge, 'UPDATE idempotency_key SET answer = NULL')
    expect((await put(FIELDS, key)).status).toBe(409)
    bridge.clock.advance(121_000)
    expect((await put(FIELDS, key)).status).toBe(200)
    bridge.clock.advance(-121_000)
  })

  test('requests and answers lie sealed, for what is written of people can be guessed; keys as hashes; all for 24 hours', async () => {
    await put({ a: 1 }, withKey('MARKER-KEY'))
    const held = await rows<{ text: string; request: string }>(
      bridge,
      'SELECT idempotency_key::text AS text, request FROM idempotency_key',
    )
    for (const { request } of held) expect(request).toMatch(/^v1\.c1\./)
    const text = held.map((row) => row.text).join('\n')
    expect(text).toContain('v1.c1.')
    expect(text).not.toMatch(/MARKER-KEY|enrolment|etag/)
    bridge.clock.advance(24 * 3_600_000 + 300_000)
    await runJob()
    expect(await rows(bridge, 'SELECT FROM idempotency_key')).toEqual([])
    bridge.clock.advance(-24 * 3_600_000 - 300_000)
  })

  test('a repeat is answered alike for 24 hours, though its end is past by then; after that it is a new request', async () => {
    const at = bridge.clock.now()
    const sent = { body: { fields: FIELDS, expires_at: new Date(at + 60_000).toISOString() } }
    const key = withKey()
    const repeat = async (after: number) => {
      bridge.clock.advance(at + after - bridge.clock.now())
      const token = await caller.renew()
      return await askWith(url, 'PUT', token, { ...sent, headers: key })
    }
    const url = `${bridge.tenant.issuer}/api/v1/identities/${id}/auxiliary/enrolment`
    const first = await repeat(0)
    const last = await repeat(DAY - MINUTE)
    expect([first.status, last.status, last.body]).toEqual([201, 201, first.body])
    expect(last.headers.get('etag')).toBe(first.headers.get('etag'))
    const late = await repeat(DAY + MINUTE)
    expect([late.status, late.body.detail]).toEqual([
      ...[400, 'expires_at: past, or more than ten years away'],
    ])
    bridge.clock.advance(at - bridge.clock.now())
  })

  test.each(['""', 'x'.repeat(256), '"unfinished', 'a b'])('%s is no key', async (key) => {
    expect((await put(FIELDS, withKey(key))).status).toBe(400)
  })
})

async function runJob(): Promise<void> {
  const [tenant] = await rows<{ id: string }>(bridge, `SELECT id FROM tenant WHERE slug = 'demo'`)
  for (const job of [expireJourneysJob, expireAuxiliaryJob])
    await job.run(bridge.deps, tenant?.id as never, async () => true)
}
