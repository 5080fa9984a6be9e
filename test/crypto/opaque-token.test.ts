import { expect, test } from 'vitest'
import { locateToken, newCodeToken, newRefreshedToken } from '../../src/crypto/opaque-token.ts'
import { hashSecret, randomText } from '../../src/crypto/random.ts'

test('OP-66 an access token names the row of its code, and lies there as a hash', () => {
  const rowHash = hashSecret(randomText())
  const token = newCodeToken(rowHash)
  expect(token).toMatch(/^[A-Za-z0-9_-]{86}$/)
  expect(locateToken(token)).toEqual({ kind: 'code', tokenHash: hashSecret(token), rowHash })
  expect(newCodeToken(rowHash)).not.toBe(token)
})

test('OP-66 an access token names the row of the refresh token it came with', () => {
  const rowHash = hashSecret(randomText())
  const token = newRefreshedToken(rowHash)
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/)
  expect(locateToken(token)).toEqual({ kind: 'refreshed', tokenHash: hashSecret(token), rowHash })
})

test('OP-66 another token stands alone, and what is no token of ours is looked for nowhere', () => {
  const token = randomText()
  const tokenHash = hashSecret(token)
  expect(locateToken(token)).toEqual({ kind: 'plain', tokenHash, rowHash: tokenHash })
  for (const text of [
    '',
    token.slice(1),
    `${token}A`,
    `${token}.`,
    `.${token}`,
    `${token}..${token}`,
    `${token}${token}${token}`,
    'eyJ.a.b',
  ])
    expect(locateToken(text)).toBeUndefined()
})
