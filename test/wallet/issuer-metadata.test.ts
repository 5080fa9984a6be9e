import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  findIssuerKey as findPublished,
  issuerMetadataUrl,
} from '../../src/wallet/issuer-metadata.ts'
import { createIssuerKeyCache } from '../../src/wallet/published-keys.ts'
import { createAnswers, createMeans, NOW, newKey, refusalOf } from './world.ts'

const ISSUER = 'https://a.example/t/1'
const URL = 'https://a.example/.well-known/jwt-vc-issuer/t/1'
const key = newKey()
const jwk = (kid?: string, of = key) => ({ ...createPublicKey(of).export({ format: 'jwk' }), kid })
const documentOf = (...keys: unknown[]) => ({ issuer: ISSUER, jwks: { keys } })

async function findIssuerKey(
  issuer: string,
  kid: string | undefined,
  now: number,
  means: Parameters<typeof findPublished>[3],
) {
  const { key: found, stale } = await findPublished(issuer, kid, { now }, means)
  expect(stale).toBe(false)
  return found
}

describe('the metadata URL', () => {
  it.each([
    ['https://a.example', 'https://a.example/.well-known/jwt-vc-issuer'],
    ['https://a.example/', 'https://a.example/.well-known/jwt-vc-issuer'],
    ['https://a.example/t/1', URL],
    ['https://a.example/t/1/', URL],
    ['https://a.example:8443/t', 'https://a.example:8443/.well-known/jwt-vc-issuer/t'],
  ])('VC-06 of %s', (issuer, url) => {
    expect(issuerMetadataUrl(issuer)).toBe(url)
  })
})

describe('the key of an issuer', () => {
  it('VC-07 is chosen by kid', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('old', newKey()), jwk('new')) })
    const found = await findIssuerKey(ISSUER, 'new', NOW, means)
    expect(found.equals(createPublicKey(key))).toBe(true)
  })

  it('VC-07 without kid is the only one', async () => {
    const means = createMeans({ [URL]: documentOf(jwk()) })
    expect((await findIssuerKey(ISSUER, undefined, NOW, means)).equals(createPublicKey(key))).toBe(
      true,
    )
  })

  it('VC-07 may lie at jwks_uri', async () => {
    const uri = 'https://keys.example/jwks'
    const means = createMeans({
      [URL]: { issuer: ISSUER, jwks_uri: uri },
      [uri]: { keys: [jwk('k')] },
    })
    await findIssuerKey(ISSUER, 'k', NOW, means)
    expect(means.asked).toEqual([URL, uri])
  })

  it('UP-37 keys of other kinds are passed over', async () => {
    const others = [
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'r' },
      { ...jwk('e'), use: 'enc' },
      { kty: 'oct', k: 'AAAA' },
    ]
    const means = createMeans({ [URL]: documentOf(...others, jwk('k')) })
    expect((await findIssuerKey(ISSUER, 'k', NOW, means)).asymmetricKeyType).toBe('ec')
  })

  it.each([
    [
      'VC-07 the document of another issuer',
      { ...documentOf(jwk('k')), issuer: 'https://a.example/t/2' },
    ],
    ['VC-07 jwks and jwks_uri', { ...documentOf(jwk('k')), jwks_uri: 'https://a.example/j' }],
    ['VC-07 neither of them', { issuer: ISSUER }],
    ['VC-07 a jwks_uri that is no text', { issuer: ISSUER, jwks_uri: 1 }],
    ['VC-07 no object', 'keys'],
    ['VC-07 keys that are no list', { issuer: ISSUER, jwks: { keys: {} } }],
    ['VC-07 a key that is no object', documentOf(jwk('k'), 'key')],
    ['VC-07 a kid that is no text', documentOf(jwk('k'), { ...jwk(), kid: 1 })],
    ['UP-37 one kid twice', documentOf(jwk('k'), jwk('k', newKey()))],
    ['UP-37 21 keys', documentOf(...Array.from({ length: 21 }, (_, at) => jwk(`${at}`)), jwk('k'))],
    ['row 16 a kid that is not there', documentOf(jwk('../../k'))],
    ['CR-21 a private key', documentOf({ ...key.export({ format: 'jwk' }), kid: 'k' })],
  ])('%s is refused', async (_, document) => {
    const means = createMeans({ [URL]: document })
    expect(await refusalOf(() => findIssuerKey(ISSUER, 'k', NOW, means))).toBe(
      'issuer_key_unavailable',
    )
  })

  it('UP-37 without kid several keys are too many', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('a'), jwk('b', newKey())) })
    expect(await refusalOf(() => findIssuerKey(ISSUER, undefined, NOW, means))).toBe(
      'issuer_key_unavailable',
    )
  })

  it('VC-08 is asked for under limits', async () => {
    const seen: unknown[] = []
    const fetchJson = async (_: string, options: unknown) => {
      seen.push(options)
      return documentOf(jwk('k'))
    }
    await findIssuerKey(ISSUER, 'k', NOW, {
      ...{ fetchJson, issuerKeys: createIssuerKeyCache(), answers: createAnswers() },
    })
    expect(seen).toEqual([
      { maxBytes: 65_536, timeoutMs: 3_000, contentTypes: ['application/json'] },
    ])
  })
})

describe('what is kept', () => {
  it('UP-37 one fetch serves everybody who waits for it', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('k')) })
    await Promise.all(Array.from({ length: 50 }, () => findIssuerKey(ISSUER, 'k', NOW, means)))
    expect(means.asked).toHaveLength(1)
  })

  it('UP-37 is kept for an hour and not longer', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('k')) })
    for (const at of [NOW, NOW + 3_599_999, NOW + 3_600_000])
      await findIssuerKey(ISSUER, 'k', at, means)
    expect(means.asked).toHaveLength(2)
  })

  it('row 52 a flood of made-up kids causes one fetch in 30 seconds', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('k')) })
    await findIssuerKey(ISSUER, 'k', NOW, means)
    for (let at = 0; at < 100; at++) {
      await refusalOf(() => findIssuerKey(ISSUER, `made-up-${at}`, NOW + 30_000 + at, means))
    }
    expect(means.asked).toHaveLength(2)
  })

  it('UP-37 a rotated key is found after the cool-down', async () => {
    const documents: Record<string, unknown> = { [URL]: documentOf(jwk('old', newKey())) }
    const means = createMeans(documents)
    await findIssuerKey(ISSUER, 'old', NOW, means)
    documents[URL] = documentOf(jwk('new'))
    expect(await refusalOf(() => findIssuerKey(ISSUER, 'new', NOW + 29_999, means))).toBe(
      'issuer_key_unavailable',
    )
    expect(
      (await findIssuerKey(ISSUER, 'new', NOW + 30_000, means)).equals(createPublicKey(key)),
    ).toBe(true)
  })

  it('TR-04 after an hour without an answer nobody is believed', async () => {
    const documents: Record<string, unknown> = { [URL]: documentOf(jwk('k')) }
    const means = createMeans(documents)
    await findIssuerKey(ISSUER, 'k', NOW, means)
    delete documents[URL]
    expect(await refusalOf(() => findIssuerKey(ISSUER, 'k', NOW + 3_600_000, means))).toBe(
      'issuer_key_unavailable',
    )
  })

  it('TR-04 past its hour a key counts within the grace of the policy, which is said, and no longer', async () => {
    const documents: Record<string, unknown> = { [URL]: documentOf(jwk('k')) }
    const means = createMeans(documents)
    await findIssuerKey(ISSUER, 'k', NOW, means)
    delete documents[URL]
    const at = (ms: number) => ({ now: NOW + 3_600_000 + ms, graceSeconds: 60 })
    expect((await findPublished(ISSUER, 'k', at(59_999), means)).stale).toBe(true)
    expect(await refusalOf(() => findPublished(ISSUER, 'k', at(60_000), means))).toBe(
      'issuer_key_unavailable',
    )
    expect(await refusalOf(() => findPublished(ISSUER, 'other', at(0), means))).toBe(
      'issuer_key_unavailable',
    )
  })

  it('TR-20 is found by the next process, which asks nobody', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('k')) })
    await findIssuerKey(ISSUER, 'k', NOW, means)
    const next = { ...createMeans(), answers: means.answers }
    await findIssuerKey(ISSUER, 'k', NOW + 3_599_999, next)
    expect(next.asked).toEqual([])
    const later = { ...createMeans(), answers: means.answers }
    expect(await refusalOf(() => findIssuerKey(ISSUER, 'k', NOW + 3_600_000, later))).toBe(
      'issuer_key_unavailable',
    )
    const lenient = { now: NOW + 3_600_000, graceSeconds: 1 }
    const last = { ...createMeans(), answers: means.answers }
    expect((await findPublished(ISSUER, 'k', lenient, last)).stale).toBe(true)
  })

  it('UP-37 an id that the kept answer has not is asked for at once', async () => {
    const means = createMeans({ [URL]: documentOf(jwk('old', newKey())) })
    await findIssuerKey(ISSUER, 'old', NOW, means)
    const next = { ...createMeans({ [URL]: documentOf(jwk('new')) }), answers: means.answers }
    await findIssuerKey(ISSUER, 'new', NOW + 1_000, next)
    expect(next.asked).toEqual([URL])
  })
})
