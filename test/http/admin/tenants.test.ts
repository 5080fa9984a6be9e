import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPolicies } from '../../../demo/policies.ts'
import { createCertificateAuthority, issueCertificate } from '../../../src/crypto/certificate.ts'
import { certificatePem } from '../../../src/crypto/request-identity.ts'
import { ADMIN_SCOPE_NAMES } from '../../../src/domain/admin.ts'
import { DAY } from '../../../src/domain/time.ts'
import { type Bridge, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
})
afterAll(() => bridge.stop())

const name = { en: 'Example University', nl: 'Voorbeelduniversiteit' }

/** A chain and its key, of an authority that is not the bridge's. */
function identityFor(host: string, options: { days?: number; selfSigned?: boolean } = {}) {
  const now = bridge.clock.now()
  const validity = { notBefore: now - DAY, notAfter: now + (options.days ?? 90) * DAY }
  const authority = createCertificateAuthority({
    subject: { commonName: 'Access CA' },
    ...validity,
  })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const leaf = issueCertificate(authority, {
    subject: { commonName: host },
    publicKey: createPublicKey(privateKey),
    dnsNames: [host],
    ...validity,
  })
  const chain = options.selfSigned ? [leaf, authority.certificate] : [leaf]
  return {
    certificate_chain: chain.map(certificatePem).join(''),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

describe('issue 9 a tenant is created', () => {
  test('in one call with its policies, and is an OpenID provider at once', async () => {
    const policies = demoPolicies(bridge.issuer)
    const made = await admin.post('/tenants', { slug: 'example', name, policies })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe('/admin/v1/tenants/example')
    expect(made.body).toMatchObject({
      issuer: `${bridge.url}/t/example`,
      enabled: true,
      policies: { trust: 1, query: 1, attributes: 1, material: 1, selector: 1 },
    })
    const metadata = await fetch(`${bridge.url}/t/example/.well-known/openid-configuration`)
    expect(await metadata.json()).toMatchObject({ issuer: `${bridge.url}/t/example` })
    const keys = (await (await fetch(`${bridge.url}/t/example/jwks`)).json()) as { keys: object[] }
    expect(keys.keys).toHaveLength(2)
    expect(keys.keys).toContainEqual(expect.objectContaining({ alg: 'ES256' }))
    expect(keys.keys).toContainEqual(expect.objectContaining({ alg: 'RS256' }))
    expect((await admin.get('/tenants/example')).body).toEqual(made.body)
  })
  test('and its own trail tells of the tenant, its keys and its policies, by whom', async () => {
    const { events } = (await admin.get('/tenants/example/audit-events')).body as {
      events: { type: string; detail: { actor: string } }[]
    }
    expect(events.map(({ type }) => type).toReversed()).toEqual([
      ...['tenant_created', 'signing_key_created', 'signing_key_created', 'signing_key_created'],
      ...Array.from({ length: 5 }, () => 'policy_published'),
    ])
    const { tokens } = (await admin.get('/tokens')).body as { tokens: { id: string }[] }
    expect(new Set(events.map(({ detail }) => detail.actor))).toEqual(new Set([tokens.at(-1)?.id]))
  })
  test('VP-041 without a certificate it gets one that is not self-signed, below an anchor wallets can be told', async () => {
    const { request_certificate: told } = (await admin.get('/tenants/example')).body as {
      request_certificate: { certificate_chain: [string]; trust_anchor: string; client_id: string }
    }
    const leaf = new X509Certificate(told.certificate_chain[0])
    const anchor = new X509Certificate(told.trust_anchor)
    expect(told.certificate_chain).toHaveLength(1)
    expect(leaf.checkIssued(anchor)).toBe(true)
    expect(leaf.verify(anchor.publicKey)).toBe(true)
    expect(leaf.checkIssued(leaf)).toBe(false)
    expect(leaf.checkHost('localhost')).toBe('localhost')
    expect(leaf.ca).toBe(false)
    expect(told.client_id).toMatch(/^x509_hash:[A-Za-z0-9_-]{43}$/)
  })
  test('VP-008 with a certificate of its own', async () => {
    const request_certificate = identityFor('localhost')
    const slug = 'certified'
    const made = await admin.post('/tenants', {
      slug,
      name,
      client_id_prefix: 'x509_san_dns',
      request_certificate,
    })
    expect(made.body).toMatchObject({
      request_certificate: { client_id: 'x509_san_dns:localhost', trust_anchor: null },
    })
    const chain = (made.body.request_certificate as { certificate_chain: string[] })
      .certificate_chain
    expect(chain.join('')).toBe(request_certificate.certificate_chain)
  })
  test.each([
    ['for another host', () => identityFor('other.example'), 'the leaf does not name the host'],
    ['that ended', () => identityFor('localhost', { days: 0.0001 }), 'a certificate has expired'],
    [
      'with its self-signed anchor',
      () => identityFor('localhost', { selfSigned: true }),
      'a certificate is self-signed',
    ],
    [
      'whose key is another',
      () => ({ ...identityFor('localhost'), private_key: identityFor('localhost').private_key }),
      'the key is not the P-256 key of the leaf',
    ],
  ])('VP-008 VP-041 but not with a certificate %s', async (_, identity, problem) => {
    const request_certificate = identity()
    if (problem === 'a certificate has expired') bridge.clock.advance(60_000)
    const body = { slug: 'refused', name, client_id_prefix: 'x509_san_dns', request_certificate }
    const answer = await admin.post('/tenants', body)
    expect(answer.status).toBe(422)
    expect(answer.body.problems).toContain(problem)
    expect((await admin.get('/tenants/refused')).status).toBe(404)
  })
  test('and never twice under one slug', async () => {
    const again = await admin.post('/tenants', { slug: 'example', name })
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    expect((await admin.post('/tenants', { slug: 'system', name })).status).toBe(409)
  })
  test('CR-05 its private keys lie sealed and are in no answer and no log line', async () => {
    const identity = identityFor('localhost')
    const made = await admin.post('/tenants', {
      slug: 'quiet',
      name,
      request_certificate: identity,
    })
    const secret = identity.private_key.split('\n')[1] ?? ''
    expect(secret.length).toBeGreaterThan(40)
    const rows = await query(bridge.database.superuserUrl, 'SELECT * FROM signing_key')
    expect(rows.length).toBeGreaterThan(6)
    for (const row of rows) expect(row.sealed_private_key).toMatch(/^v1\.c1\./)
    const said = [JSON.stringify(rows), made.text, ...bridge.lines].join('\n')
    expect(said).not.toContain(secret)
  })
})

describe('issue 9 what is sent is read strictly', () => {
  const good = { slug: 'strict', name }
  test.each<[string, unknown, string]>([
    ['an unknown member', { ...good, nmae: 1 }, 'body: unrecognized_keys (nmae)'],
    ['a missing member', { slug: 'strict' }, 'name: invalid_type (object expected)'],
    ['a slug that is no host label', { ...good, slug: 'Not a slug' }, 'slug: invalid_format'],
    [
      'a name that turns the text around',
      { ...good, name: { en: 'a\u202eb', nl: 'b' } },
      'name.en: invalid_format',
    ],
    [
      'a script as wallet scheme',
      { ...good, wallet_scheme: 'javascript://' },
      'wallet_scheme: neither a scheme of its own ending in :// nor an https URL (http on loopback)',
    ],
    [
      'a wallet scheme with more',
      { ...good, wallet_scheme: 'openid4vp://authorize?a=b' },
      'wallet_scheme: neither a scheme of its own ending in :// nor an https URL (http on loopback)',
    ],
    [
      'a notice over http',
      { ...good, notice_url: 'http://u.example/' },
      'notice_url: not an https URL',
    ],
    [
      'a script as notice',
      { ...good, notice_url: 'javascript:alert(1)' },
      'notice_url: not an https URL',
    ],
    ['text that is no JSON', '{"slug": "strict",}', 'body: not strict JSON in UTF-8'],
    ['a member that occurs twice', '{"slug":"a","slug":"b"}', 'body: not strict JSON in UTF-8'],
    [
      'a certificate that is none',
      { ...good, request_certificate: { certificate_chain: 'x', private_key: 'y' } },
      'certificate_chain: no certificates, or too many',
    ],
    [
      'a key that is none',
      { ...good, request_certificate: { ...identityText, private_key: 'y' } },
      'private_key: not an unencrypted PEM private key',
    ],
  ])('%s is refused by its name', async (_, body, title) => {
    const answer = await admin.post('/tenants', body)
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([
      400,
      'invalid_request',
      title,
    ])
  })
  test('a name the caller made up is not repeated', async () => {
    const evil = '<script>alert(1)</script>'
    const body = { ...good, policies: { [evil]: {} }, [evil]: 1 }
    expect((await admin.post('/tenants', body)).text).not.toContain('script')
  })
  test('an unknown parameter is refused', async () => {
    const answer = await admin.get('/tenants/demo/audit-events?corelation_id=x')
    expect(answer.body.detail).toBe('query: unrecognized_keys (corelation_id)')
    expect((await admin.get('/tenants?limit=0')).status).toBe(400)
    const trail = '/tenants/demo/audit-events'
    expect((await admin.get(`${trail}?from=yesterday`)).status).toBe(400)
    const noon = encodeURIComponent('2020-01-01T12:00:00+01:00')
    const none = await admin.get(`${trail}?until=${noon}&client_id=app`)
    expect(none.body).toEqual({ events: [], next_cursor: null })
    expect((await admin.get('/tenants/demo/audit-checkpoints')).body).toMatchObject({
      ...{ checkpoints: [], keys: [{ kty: 'OKP', use: 'sig' }], next_cursor: null },
    })
    const some = await admin.get(`${trail}?from=${noon}&type=tenant_created`)
    expect(some.body.events).toHaveLength(1)
    expect((await admin.get('/tenants?limit=5&limit=6')).status).toBe(400)
  })
  test('more than 256 KiB are refused before they are read, and other types at once', async () => {
    const long = { ...good, name: { en: 'x'.repeat(300_000), nl: 'x' } }
    expect((await admin.post('/tenants', long)).status).toBe(413)
    const { token } = await adminWith(bridge, ['tenants:manage'])
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
    ]) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type }
      const answer = await fetch(`${bridge.url}/admin/v1/tenants`, {
        method: 'POST',
        headers,
        body: '{}',
      })
      expect([answer.status, await answer.json()]).toMatchObject([
        415,
        { code: 'unsupported_media_type' },
      ])
    }
  })
})

describe('issue 9 a tenant is changed', () => {
  test('in what is named, and in nothing else', async () => {
    const before = (await admin.get('/tenants/demo')).body
    const after = await admin.patch('/tenants/demo', { colour: '#aa0000', notice_url: null })
    const { revision } = after.body
    expect(after.body).toEqual({ ...before, colour: '#aa0000', notice_url: null, revision })
    expect(Number(revision)).toBeGreaterThan(Number(before.revision))
    expect((await admin.get('/tenants/demo')).body).toEqual(after.body)
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=1')).body
    expect(events).toMatchObject([{ type: 'tenant_updated' }])
  })
  test('a disabled one is gone for the world at once, and there for its administrators', async () => {
    const metadata = `${bridge.url}/t/certified/.well-known/openid-configuration`
    const there = () => fetch(metadata).then(({ status }) => status)
    expect(await there()).toBe(200)
    await admin.patch('/tenants/certified', { enabled: false })
    expect(await there()).toBe(404)
    // Receipts can still be checked.
    expect((await fetch(`${bridge.url}/t/certified/jwks`)).status).toBe(200)
    expect((await admin.get('/tenants/certified')).body).toMatchObject({ enabled: false })
    await admin.patch('/tenants/certified', { enabled: true })
    expect(await there()).toBe(200)
  })
  test('VP-008 a prefix is only taken when the certificate fits it', async () => {
    const body = { slug: 'prefix', name, request_certificate: identityFor('elsewhere.example') }
    expect((await admin.post('/tenants', body)).status).toBe(201)
    const refused = await admin.patch('/tenants/prefix', { client_id_prefix: 'x509_san_dns' })
    expect([refused.status, refused.body.problems]).toEqual([
      422,
      ['the leaf does not name the host'],
    ])
    await admin.put('/tenants/prefix/request-certificate', identityFor('localhost'))
    const taken = await admin.patch('/tenants/prefix', { client_id_prefix: 'x509_san_dns' })
    expect(taken.body).toMatchObject({
      request_certificate: { client_id: 'x509_san_dns:localhost' },
    })
  })
})

describe('VP-042 the request certificate is replaced', () => {
  test('and the old key stays for the logins that began with it', async () => {
    const before = (await admin.get('/tenants/demo')).body.request_certificate as { kid: string }
    const replaced = await admin.put('/tenants/demo/request-certificate', {})
    expect(replaced.status).toBe(200)
    expect(replaced.body.kid).not.toBe(before.kid)
    expect((await admin.get('/tenants/demo')).body.request_certificate).toEqual(replaced.body)
    const rows = await query<{ state: string; retire_at: string }>(
      bridge.database.superuserUrl,
      `SELECT state, retire_at FROM signing_key WHERE kid = '${before.kid}'`,
    )
    expect(rows).toMatchObject([{ state: 'retiring', retire_at: expect.stringMatching(/Z$/) }])
    const prepared = await bridge.deps.tenants.find('demo')
    expect([...(prepared?.requestSigners.keys() ?? [])]).toContain(before.kid)
    expect(prepared?.requestKid).toBe(replaced.body.kid)
  })
  test('but not by a key that served before', async () => {
    const identity = identityFor('localhost')
    expect((await admin.put('/tenants/demo/request-certificate', identity)).status).toBe(200)
    const again = await admin.put('/tenants/demo/request-certificate', identity)
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    const prepared = await bridge.deps.tenants.find('demo')
    expect(prepared?.requestKid).toBeDefined()
  })
  test('and not by half of what is needed', async () => {
    const { private_key: _, ...half } = identityFor('localhost')
    const answer = await admin.put('/tenants/demo/request-certificate', half)
    expect(answer.body.detail).toBe('body: certificate_chain and private_key belong together')
  })
})

test('issue 9 tenants are listed page by page', async () => {
  const slugs: unknown[] = []
  let cursor = ''
  for (let pages = 0; pages < 20; pages++) {
    const page = await admin.get(`/tenants?limit=2${cursor}`)
    const { tenants, next_cursor: next } = page.body as {
      tenants: { slug: string }[]
      next_cursor: string | null
    }
    expect(tenants.length).toBeLessThanOrEqual(2)
    slugs.push(...tenants.map(({ slug }) => slug))
    if (next === null) break
    cursor = `&cursor=${next}`
  }
  expect(slugs).toEqual(['certified', 'demo', 'example', 'prefix', 'quiet'])
})

const identityText = {
  certificate_chain: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  private_key: '',
}
