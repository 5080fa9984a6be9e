import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { decryptGcm, encryptGcm } from '../../src/crypto/aes-gcm.ts'
import { type JwsAlgorithm, JwsError, readCompact, verifyCompact } from '../../src/crypto/jws.ts'
import { equalBytes } from '../../src/crypto/random.ts'
import { deriveBytes, makeSecretKey } from '../../src/crypto/secret-key.ts'
import { JwkError, readPublicKey } from '../../src/crypto/thumbprint.ts'
import { findVectors, type ReadVectors } from '../support/vectors.ts'

/** Project Wycheproof's cases, run against the functions that our own code calls. */
interface Case {
  readonly tcId: number
  readonly comment: string
  readonly result: 'valid' | 'invalid'
  readonly [member: string]: string | number
}
type Jwk = Readonly<Partial<Record<string, string>>>
interface Group {
  readonly tests: readonly Case[]
  readonly [member: string]: unknown
}

const bytes = (value: unknown) => new Uint8Array(Buffer.from(String(value), 'hex'))
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')

test('RE-01 where there are no vectors, one line says so and no case is run', () => {
  const said: string[] = []
  const nowhere = path.join(tmpdir(), crypto.randomUUID())
  expect(findVectors(nowhere, (line) => said.push(line))).toBeUndefined()
  expect(said).toEqual([`Wycheproof's vectors are not in ${nowhere}: its cases are not run here\n`])
})

const vectors = findVectors()
if (vectors !== undefined) describe('RE-01 Wycheproof', () => registerCases(vectors))

function registerCases(read: ReadVectors): void {
  const groupsOf = (name: string) => read<{ testGroups: readonly Group[] }>(name).testGroups

  test('CR-09 aes_gcm: 316 cases; other IV, key and tag sizes are refused', () => {
    const count = { checked: 0, otherSize: 0 }
    for (const group of groupsOf('aes_gcm')) {
      const ours = group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128
      for (const one of group.tests) {
        const [key, iv, additional] = [bytes(one.key), bytes(one.iv), bytes(one.aad)]
        const sealed = bytes(`${one.ct}${one.tag}`)
        if (!ours) {
          expect(group.tagSize, 'all of these have whole tags').toBe(128)
          expect(() => encryptGcm(key, iv, additional, bytes(one.msg)), `${one.tcId}`).toThrow(
            RangeError,
          )
          expect(() => decryptGcm(key, iv, additional, sealed), `${one.tcId}`).toThrow(RangeError)
          count.otherSize++
          continue
        }
        const opened = decryptGcm(key, iv, additional, sealed)
        expect(opened && hex(opened), `${one.tcId}`).toBe(
          one.result === 'valid' ? one.msg : undefined,
        )
        const made = hex(encryptGcm(key, iv, additional, bytes(one.msg)))
        expect(made === `${one.ct}${one.tag}`, `${one.tcId}`).toBe(one.result === 'valid')
        count.checked++
      }
    }
    expect(count.checked + count.otherSize).toBe(316)
    expect(count.checked).toBeGreaterThan(60)
  })

  test('CR-25 CR-24 hmac_sha256: 174 cases; a truncated tag is never taken', () => {
    let checked = 0
    for (const group of groupsOf('hmac_sha256')) {
      for (const one of group.tests) {
        const mac = makeSecretKey(bytes(one.key)).mac(bytes(one.msg))
        const tag = bytes(one.tag)
        expect(equalBytes(mac.subarray(0, tag.length), tag), `${one.tcId}`).toBe(
          one.result === 'valid',
        )
        expect(equalBytes(mac, tag), `${one.tcId}`).toBe(
          one.result === 'valid' && group.tagSize === 256,
        )
        checked++
      }
    }
    expect(checked).toBe(174)
  })

  test('CR-25 hkdf_sha256: 86 cases', () => {
    let checked = 0
    for (const one of groupsOf('hkdf_sha256').flatMap((group) => group.tests)) {
      const derive = () =>
        deriveBytes(bytes(one.ikm), bytes(one.salt), bytes(one.info), Number(one.size))
      if (one.result === 'valid') expect(hex(derive()), `${one.tcId}`).toBe(one.okm)
      else expect(derive, `${one.tcId}`).toThrow()
      checked++
    }
    expect(checked).toBe(86)
  })

  test('CR-60 CR-63 ecdsa_secp256r1_sha256, r‖s: 262 cases', () => {
    let checked = 0
    for (const group of groupsOf('ecdsa_secp256r1_sha256_p1363')) {
      const key = createPublicKey({
        key: Buffer.from(bytes(group.publicKeyDer)),
        format: 'der',
        type: 'spki',
      })
      for (const one of group.tests) {
        const jws = {
          header: { alg: 'ES256' },
          payloadBytes: new Uint8Array(0),
          signingInput: Buffer.from(bytes(one.msg)).toString('latin1'),
          signature: bytes(one.sig),
        }
        expect(Buffer.from(jws.signingInput).toString('hex'), 'the message is ASCII').toBe(one.msg)
        expect(
          verdict(() => verifyCompact(jws, key, ['ES256'])),
          `${one.tcId}`,
        ).toBe(one.result)
        checked++
      }
    }
    expect(checked).toBe(262)
  })

  test('CR-60 CR-62 json_web_signature: 401 cases; algorithms that are not ours are refused even where valid', () => {
    const ours: readonly string[] = ['ES256', 'RS256', 'PS256']
    const count = { valid: 0, invalid: 0, foreign: 0 }
    for (const group of groupsOf('json_web_signature')) {
      const jwk = (group.public ?? group.private) as Jwk
      for (const one of group.tests) {
        const alg = jwk.alg ?? algorithmOf(one.jws)
        const accepted = verdict(() => {
          verifyCompact(readCompact(String(one.jws), { maxBytes: 100_000 }), keyOf(jwk), [
            alg as JwsAlgorithm,
          ])
        })
        const named = algorithmOf(one.jws)
        if (one.result === 'valid' && !(ours.includes(alg) && named === alg)) {
          expect(accepted, `${one.tcId} ${alg}`).toBe('invalid')
          count.foreign++
        } else {
          expect(accepted, `${one.tcId} ${one.comment}`).toBe(one.result)
          count[one.result]++
        }
      }
    }
    expect(count.valid + count.invalid + count.foreign).toBe(401)
    expect(count.invalid).toBe(355)
    expect(count.valid).toBeGreaterThan(10)
  })
}

/** EC keys as the bridge reads them. RSA keys come to it from key sets that others read, where `use` is theirs to judge. */
function keyOf(jwk: Jwk): KeyObject {
  if (jwk.kty === 'oct') return createSecretKey(Buffer.from(jwk.k ?? '', 'base64url'))
  const isPlainRsa =
    jwk.kty === 'RSA' && (jwk.use ?? 'sig') === 'sig' && !jwk.key_ops?.includes('encrypt')
  return isPlainRsa ? createPublicKey({ key: { ...jwk }, format: 'jwk' }) : readPublicKey(jwk).key
}

function algorithmOf(jws: unknown): string {
  try {
    return JSON.parse(Buffer.from(String(jws).split('.')[0] ?? '', 'base64url').toString()).alg
  } catch {
    return 'unreadable'
  }
}

function verdict(action: () => void): 'valid' | 'invalid' {
  try {
    action()
    return 'valid'
  } catch (error) {
    // Refused with one of our own reasons: anything else is a crash, and fails the test.
    if (error instanceof JwsError || error instanceof JwkError) return 'invalid'
    throw error
  }
}
