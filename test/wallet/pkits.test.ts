/**
 * The path validation tests of NIST's PKI test suite (PKITS, a work of the United States Government in the public domain), less
 * those of DSA keys and of revocation lists. Its keys are RSA of 2048 bits, which TR-14 refuses: every certificate gets a P-256
 * key in place of its own and is signed anew by its issuer's, soundly where it was sound. Nothing else of it is touched.
 *
 * No path that the suite calls invalid may be believed. Of those it calls valid we refuse some on purpose; each such group is
 * named below with its reason.
 */
import { createPublicKey, sign, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import * as der from '../../src/crypto/der.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import {
  createAnchorSet,
  createChainCache,
  verifyChain,
} from '../../src/wallet/certificate-path.ts'
import { readChildren, readDer } from '../../src/wallet/der.ts'
import { OID } from './certificates.ts'
import { NOW, newKey } from './world.ts'

interface Vector {
  name: string
  /** Files, the anchor first. */
  path: string[]
  valid: boolean
  policies: string[]
  explicit: boolean
}
const suite = JSON.parse(
  gunzipSync(readFileSync(new URL('nist-pkits.json.gz', import.meta.url))).toString(),
) as { vectors: Vector[]; certificates: Record<string, string> }

/** Judged by a list, not by the path: who may sign one is tested beside revocation. */
const OF_LISTS = ['4.7.4', '4.7.5']
/** Why paths that the suite calls valid are refused, by how their names begin. */
const STRICTER: Readonly<Record<string, readonly string[]>> = {
  'names are compared octet for octet': ['4.3.3', '4.3.4', '4.3.5', '4.3.10', '4.3.11'],
  'self-issued certificates have no place in an issuer’s chain': [
    ...['4.5.1', '4.5.3', '4.5.4', '4.5.6', '4.6.15', '4.6.17', '4.9.6'],
    ...['4.11.7', '4.12.7', '4.12.9', '4.13.19'],
  ],
  'a leaf is no authority': ['4.6.8', '4.6.14'],
  'policy constraints and mappings end the path where they are critical': [
    ...['4.8.6', '4.9.1', '4.9.2', '4.9.4', '4.10.1.1', '4.10.3', '4.10.5', '4.10.6', '4.10.9'],
    ...['4.10.11', '4.10.12', '4.10.13', '4.10.14', '4.11.2', '4.11.4'],
  ],
  'any policy is inhibited': ['4.12.2', '4.12.3'],
  'a leaf under any policy is under none that was asked for': [
    ...['4.8.11', '4.8.18 User Notice Qualifier Test18 (Subpart 2)'],
  ],
}

const numberOf = ({ name }: Vector) => name.split(' ')[0] ?? ''
const isOneOf = ({ name }: Vector, begun: readonly string[]) =>
  begun.some((begin) => name === begin || name.startsWith(`${begin} `))
const vectors = suite.vectors.filter(
  (one) => !one.name.includes('DSA') && !OF_LISTS.includes(numberOf(one)),
)

/** Keys in place of those of the suite, by the key they replace. */
const keys = new Map<string, ReturnType<typeof newKey>>()
function keyFor({ publicKey }: X509Certificate) {
  const name = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const key = keys.get(name) ?? newKey()
  keys.set(name, key)
  return key
}

const read = (file: string) =>
  new X509Certificate(Buffer.from(suite.certificates[file] ?? '', 'base64'))

/** The certificate with another key and another signature, and every other octet as it was. */
function rekeyed(file: string, issuerFile: string): Uint8Array {
  const [original, issuer] = [read(file), read(issuerFile)]
  const [body] = readChildren(readDer(original.raw))
  if (body === undefined) throw new Error(file)
  const algorithm = der.sequence(der.objectIdentifier(OID.ecdsaSha256))
  const spki = createPublicKey(keyFor(original)).export({ type: 'spki', format: 'der' })
  const fields = readChildren(body).map(({ whole }, index) =>
    index === 2 ? algorithm : index === 6 ? spki : whole,
  )
  const signed = der.sequence(...fields)
  const key = original.verify(issuer.publicKey) ? keyFor(issuer) : newKey()
  return der.sequence(signed, algorithm, der.bitString(sign('sha256', signed, key)))
}

/** Whether a trust entry with this anchor, and these `certificatePolicies`, would believe the path. */
function isBelieved({ path, policies, explicit }: Vector): boolean {
  const [anchor = '', ...below] = path
  const set = createAnchorSet([rekeyed(anchor, anchor)])
  if (set === undefined) return false
  const x5c = below
    .map((file, index) => Buffer.from(rekeyed(file, path[index] ?? '')).toString('base64'))
    .toReversed()
  try {
    const chain = verifyChain(x5c, set, NOW, createChainCache())
    if (chain === undefined) return false
    if (policies.includes('anyPolicy')) return !explicit || chain.policies.size > 0
    const wanted = policies.map((name) =>
      name.replace('NIST-test-policy-', '2.16.840.1.101.3.2.1.48.'),
    )
    return wanted.some((policy) => chain.policies.has(policy))
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    return false
  }
}

describe('TR-10 NIST PKITS', () => {
  const invalid = vectors.filter(({ valid }) => !valid)
  it.each(invalid)('$name is refused', (vector) => {
    expect(isBelieved(vector)).toBe(false)
  })

  const stricter = Object.values(STRICTER).flat()
  const honest = vectors.filter((one) => one.valid && !isOneOf(one, stricter))
  it.each(honest)('$name is believed', (vector) => {
    expect(isBelieved(vector)).toBe(true)
  })

  it.each(Object.entries(STRICTER))('refused on purpose: %s', (_, begun) => {
    const named = vectors.filter((one) => one.valid && isOneOf(one, begun))
    expect(named.length).toBeGreaterThanOrEqual(begun.length)
    expect(named.filter(isBelieved).map(({ name }) => name)).toEqual([])
  })

  it('is not less than it was', () => {
    expect([vectors.length, invalid.length, honest.length]).toEqual([178, 91, 46])
  })
})
