import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { tally, times } from '../threats/attack.ts'
import { type Caller, newCaller, newPerson, rows } from './world.ts'

let bridge: Bridge
let caller: Caller
let id: string
beforeAll(async () => {
  bridge = await startBridge()
  caller = await newCaller(bridge)
  id = (await newPerson(bridge)).id
})
afterAll(() => bridge.stop())

const devices = async () =>
  (await caller.ask('GET', `/identities/${id}/devices`)).body.devices ?? []
const revoke = (device: string, headers: Record<string, string> = {}) =>
  caller.ask('DELETE', `/identities/${id}/devices/${device}`, { headers })

describe('erasure', () => {
  test('issue 4.7 of 50 at once one erases, a repeat has the same receipt, and then nobody is there', async () => {
    const eraser = await newCaller(bridge, { scopes: ['privacy:erase'] })
    const gone = await newPerson(bridge, { username: 'noor', password: 'noor-demo' })
    const path = `/identities/${gone.id}`
    const headers = { 'idempotency-key': crypto.randomUUID() }
    expect((await caller.ask('DELETE', path)).body.code).toBe('insufficient_scope')
    expect((await caller.ask('GET', path)).status).toBe(200)
    const answers = await Promise.all(times(50, () => eraser.ask('DELETE', path, { headers })))
    for (const { status } of answers) expect([200, 409]).toContain(status)
    const done = answers.filter(({ status }) => status === 200)
    const [first] = done
    expect(typeof first?.body.receipt).toBe('string')
    for (const { body } of done) expect(body).toEqual(first?.body)
    expect(await rows(bridge, 'SELECT FROM erasure')).toHaveLength(1)
    for (const options of [{ headers }, {}])
      expect((await eraser.ask('DELETE', path, options)).body).toEqual(first?.body)
    expect((await caller.ask('GET', path)).status).toBe(404)
    const unknown = await eraser.ask('DELETE', `/identities/${crypto.randomUUID()}`)
    expect(unknown.status).toBe(404)
  })
})

describe('devices', () => {
  test('issue 4.7 a device is a wallet: an account and its match are none', async () => {
    const [one, ...more] = await devices()
    expect(more).toEqual([])
    expect(one).toEqual({
      ...{ id: expect.any(String), provider: 'surf' },
      ...{ linked_at: expect.any(String), last_used_at: expect.any(String) },
    })
    const live = await rows(
      bridge,
      `SELECT FROM identity_match WHERE internal_identity_id = '${id}' AND deleted_at IS NULL`,
    )
    expect(live.length).toBeGreaterThan(1)
  })

  test('issue 4.10 the list comes in pages', async () => {
    await logIn(bridge, await bridge.newWallet())
    const first = await caller.ask('GET', `/identities/${id}/devices?limit=1`)
    expect(first.body.devices).toHaveLength(1)
    const next = `limit=1&cursor=${first.body.next_cursor}`
    const second = await caller.ask('GET', `/identities/${id}/devices?${next}`)
    expect(second.body.next_cursor).toBeNull()
    const both = [first, second].flatMap(({ body }) => body.devices ?? [])
    expect(both.map((one) => one.id)).toEqual((await devices()).map((one) => one.id))
    expect((await caller.ask('GET', `/identities/${id}/devices?limit=0`)).status).toBe(400)
  })

  test('issue 4.7 a revoked wallet logs nobody in: the person proves themselves anew', async () => {
    const wallet = await bridge.newWallet()
    const known = (await devices()).map((one) => one.id)
    await logIn(bridge, wallet)
    expect((await logIn(bridge, wallet)).viaInstitution).toBe(false)
    const fresh = (await devices()).find((one) => !known.includes(one.id))
    expect((await revoke(fresh?.id ?? '')).status).toBe(204)
    expect((await devices()).map((one) => one.id)).toEqual(known)
    expect((await logIn(bridge, wallet)).viaInstitution).toBe(true)
    const [event] = await rows<{ client_id: string; detail: string }>(
      bridge,
      `SELECT client_id, detail FROM audit_event WHERE event_type = 'link_ended' ORDER BY seq DESC LIMIT 1`,
    )
    expect(event?.client_id).toBe(caller.client.id)
  })

  test('issue 4.7 unknown, foreign, revoked and no device: the same 404', async () => {
    const other = await newPerson(bridge, { username: 'milan', password: 'milan-demo' })
    const theirs =
      (await caller.ask('GET', `/identities/${other.id}/devices`)).body.devices?.[0]?.id ?? ''
    const [account] = await rows<{ id: string }>(
      bridge,
      `SELECT id FROM identity_match WHERE internal_identity_id = '${id}' AND hash_key = 'B' AND deleted_at IS NULL`,
    )
    await rows(
      bridge,
      `INSERT INTO identity_match (id, tenant_id, identifier_hash, identifier_type, internal_identity_id, hash_key, created_at, updated_at, last_used_at)
       SELECT 'beside-a-wallet', tenant_id, 'hash-beside', 'CLAIM_TUPLE', internal_identity_id, 'A', created_at, updated_at, last_used_at
         FROM identity_match WHERE id = '${account?.id}'`,
    )
    expect((await devices()).map((one) => one.id)).not.toContain('beside-a-wallet')
    const answers = [
      await revoke(crypto.randomUUID()),
      await revoke(theirs),
      await revoke('beside-a-wallet'),
      await revoke(account?.id ?? ''),
      await caller.ask('DELETE', `/identities/${crypto.randomUUID()}/devices/${theirs}`),
    ]
    const first = answers.at(0)?.body
    for (const { status, body } of answers) {
      expect(status).toBe(404)
      expect({ ...body, reference: '' }).toEqual({ ...first, reference: '' })
    }
  })

  test('issue 4.7 50 parallel revocations under one key: one unlink, then the same answer', async () => {
    await logIn(bridge, await bridge.newWallet())
    const device = (await devices())[0]?.id ?? ''
    const key = { 'idempotency-key': crypto.randomUUID() }
    const ended = async () =>
      (await rows(bridge, `SELECT FROM audit_event WHERE event_type = 'link_ended'`)).length
    const before = await ended()
    const answers = await Promise.all(times(50, () => revoke(device, key)))
    expect(await ended()).toBe(before + 1)
    for (const status of Object.keys(tally(answers.map((one) => one.status))))
      expect(['204', '409']).toContain(status)
    expect((await revoke(device, key)).status).toBe(204)
    expect((await revoke(device)).status).toBe(404)
  })

  test('issue 4.7 the scope devices:manage is needed', async () => {
    const reader = await newCaller(bridge, { scopes: ['reconciliation:read'] })
    for (const method of ['GET', 'DELETE']) {
      const path = `/identities/${id}/devices${method === 'GET' ? '' : '/x'}`
      expect((await reader.ask(method, path)).body.code).toBe('insufficient_scope')
    }
  })
})
