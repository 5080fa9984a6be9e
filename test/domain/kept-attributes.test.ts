import { describe, expect, test } from 'vitest'
import { AttributePolicy } from '../../src/domain/attributes.ts'
import type { ProviderId } from '../../src/domain/ids.ts'
import {
  envelopeText,
  keepAttributes,
  type Origin,
  readEnvelope,
  statedByProvider,
  statedByWallet,
} from '../../src/domain/kept-attributes.ts'
import type { IsoInstant } from '../../src/domain/time.ts'

const THEN = '2026-01-01T00:00:00.000Z' as IsoInstant
const NOW = '2026-02-01T00:00:00.000Z' as IsoInstant
const SURF = 'provider-1' as ProviderId
const PID = { type: 'urn:eudi:pid:1', issuer: 'pid#https://pid.example' }
const EDU = { type: 'urn:eduid:1', issuer: 'eduid' }
const fromPid: Origin = { side: 'wallet', ...PID, at: THEN }
const fromEdu: Origin = { side: 'wallet', ...EDU, at: THEN }
const fromSurf: Origin = { side: 'institution', provider: SURF, at: NOW }

const policyOf = (merge: string, also: object = {}) => {
  const wallet = merge === 'OIDC_ONLY' ? {} : { wallet: ['a'] }
  return AttributePolicy.parse({ rules: [{ name: 'a', merge, persist: true, ...wallet, ...also }] })
}
const shown = (policy: AttributePolicy) =>
  statedByWallet(policy, [{ claims: { a: 'x' }, ...PID }], { a: 'x' }, THEN)
const told = statedByProvider({ a: 'y' }, SURF, NOW)
const silent = { values: {}, origins: {} }

describe('issue 3.3 provenance is kept: whose word a value is, and since when', () => {
  test.each([
    ['WALLET_ONLY', [fromPid], [fromPid], undefined],
    ['OIDC_ONLY', [fromSurf], undefined, [fromSurf]],
    ['OIDC_WINS', [fromSurf], [fromPid], [fromSurf]],
    ['WALLET_WINS', [fromPid], [fromPid], [fromSurf]],
    ['MERGE_ALL', [fromSurf, fromPid], [fromPid], [fromSurf]],
  ])('%s: of both sides, of the wallet alone, of the institution alone', (merge, ...expected) => {
    const policy = policyOf(merge)
    const walletSays = merge === 'OIDC_ONLY' ? silent : shown(policy)
    const providerSays = merge === 'WALLET_ONLY' ? silent : told
    const origins = [
      keepAttributes(policy, walletSays, providerSays, []),
      keepAttributes(policy, walletSays, silent, []),
      keepAttributes(policy, silent, providerSays, []),
    ].map((kept) => kept.origins.a)
    expect(origins).toEqual(expected)
  })

  test('every credential that states the value is named, and none that is silent', () => {
    const policy = policyOf('WALLET_ONLY')
    const credentials = [
      { claims: { a: 'x' }, ...PID },
      { claims: { a: '' }, type: 'urn:other', issuer: 'other' },
      { claims: { a: 'x' }, ...EDU },
    ]
    const stated = statedByWallet(policy, credentials, { a: 'x' }, THEN)
    expect(stated.origins).toEqual({ a: [fromPid, fromEdu] })
  })

  test('the envelope brings both sides back as they were; what is not kept has no origin in it', () => {
    const policy = policyOf('OIDC_WINS')
    const kept = keepAttributes(policy, shown(policy), told, [])
    expect(readEnvelope(envelopeText(kept))).toEqual({
      ...{ values: { a: 'y' }, origins: { a: [fromSurf] } },
      wallet: { values: { a: 'x' }, origins: { a: [fromPid] } },
    })
    const dropped = policyOf('OIDC_WINS', { persist: false })
    expect(envelopeText(keepAttributes(dropped, shown(dropped), told, []))).toBe('{}')
  })

  test('envelopes from before still open, with nothing to say of origins', () => {
    expect(readEnvelope('{"a":"y","$wallet":{"a":"x"}}')).toEqual({
      ...{ values: { a: 'y' }, origins: {} },
      wallet: { values: { a: 'x' }, origins: {} },
    })
    expect(readEnvelope('{"a":"y"}').values).toEqual({ a: 'y' })
  })

  test('the institution speaks alone later: its word is new, the wallet’s is of then', () => {
    const policy = policyOf('MERGE_ALL')
    const before = readEnvelope(envelopeText(keepAttributes(policy, shown(policy), told, [])))
    const LATER = '2026-03-01T00:00:00.000Z' as IsoInstant
    const later = keepAttributes(
      policy,
      before.wallet,
      statedByProvider({ a: 'z' }, SURF, LATER),
      [],
    )
    expect(later.origins).toEqual({ a: [{ ...fromSurf, at: LATER }, fromPid] })
  })
})
