/**
 * The "invisible salamander" (Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018): one ciphertext with one tag that GCM opens
 * under two keys. With one block c of ciphertext the tag under key i is c·Hi² + gi, gi being everything else; setting both
 * equal gives c = (g1 + g2) / (H1² + H2²) in GF(2^128).
 */
import { createCipheriv } from 'node:crypto'
import { expect, test } from 'vitest'
import { decryptGcm } from '../../src/crypto/aes-gcm.ts'
import {
  additionalData,
  deriveMessageKeys,
  openMessage,
  type SealContext,
} from '../../src/crypto/sealed-message.ts'
import { makeSecretKey } from '../../src/crypto/secret-key.ts'
import { TENANT, UNREADABLE } from './fixtures.ts'

const REDUCTION = 0xe1n << 120n

function multiply(x: bigint, y: bigint): bigint {
  let product = 0n
  let shifted = y
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ REDUCTION : shifted >> 1n
  }
  return product
}

function invert(x: bigint): bigint {
  let result = 1n << 127n // the one of this field, its bits being written from the other end
  for (let square = x, step = 0; step < 127; step++) {
    square = multiply(square, square)
    result = multiply(result, square)
  }
  return result
}

const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const toBytes = (block: bigint) => Buffer.from(block.toString(16).padStart(32, '0'), 'hex')

function encryptBlock(key: Uint8Array, block: Uint8Array): bigint {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return toNumber(cipher.update(block))
}

/** Hash key H, and the tag for one zero block of ciphertext behind `additional`. */
function tagOfZeroBlock(key: Uint8Array, iv: Uint8Array, additional: Uint8Array) {
  const h = encryptBlock(key, new Uint8Array(16))
  const padded = Buffer.concat([additional, Buffer.alloc((16 - (additional.length % 16)) % 16)])
  const lengths = (BigInt(additional.length * 8) << 64n) | 128n
  let hash = 0n
  for (let at = 0; at < padded.length; at += 16) {
    hash = multiply(hash ^ toNumber(padded.subarray(at, at + 16)), h)
  }
  hash = multiply(multiply(hash, h) ^ lengths, h)
  return { h, tag: hash ^ encryptBlock(key, Buffer.concat([iv, Uint8Array.of(0, 0, 0, 1)])) }
}

test('CR-07 a ciphertext that GCM opens under two keys is refused under the one it was not committed to', () => {
  const context: SealContext = {
    tenant: TENANT,
    table: 'auxiliary_data',
    column: 'data',
    row: 'row-1',
  }
  const additional = additionalData(context, 'd1')
  const iv = new Uint8Array(12).fill(9)
  const [first, second] = [
    makeSecretKey(new Uint8Array(32).fill(1)),
    makeSecretKey(new Uint8Array(32).fill(2)),
  ]
  const keys = [deriveMessageKeys(first, iv), deriveMessageKeys(second, iv)] as const

  const one = tagOfZeroBlock(keys[0].encryptionKey, iv, additional)
  const two = tagOfZeroBlock(keys[1].encryptionKey, iv, additional)
  const block = multiply(one.tag ^ two.tag, invert(multiply(one.h, one.h) ^ multiply(two.h, two.h)))
  const tag = one.tag ^ multiply(block, multiply(one.h, one.h))
  const ciphertextAndTag = new Uint8Array(Buffer.concat([toBytes(block), toBytes(tag)]))

  // Plain GCM is fooled: both keys open it, to different plaintexts.
  const opened = keys.map(({ encryptionKey }) =>
    decryptGcm(encryptionKey, iv, additional, ciphertextAndTag),
  )
  expect(opened.map((plaintext) => plaintext?.length)).toEqual([16, 16])
  expect(opened[0]).not.toEqual(opened[1])

  // The envelope is not: its commitment is that of one key.
  for (const [committed, own, other] of [
    [keys[0], first, second],
    [keys[1], second, first],
  ] as const) {
    const envelope = { keyId: 'd1', iv, ciphertextAndTag, commitment: committed.commitment }
    expect(openMessage(own, context, envelope)).toHaveLength(16)
    expect(() => openMessage(other, context, envelope)).toThrow(UNREADABLE)
  }
})
