import { expect, test } from 'vitest'
import { locateToken, newCodeToken, newRefreshedToken } from '../../src/crypto/opaque-token.ts'
import { hashSecret, randomText } from '../../src/crypto/random.ts'
import { locateRefreshToken, newRefreshToken, successorOf } from '../../src/crypto/refresh-token.ts'

test('OP-66 an access token names the row of its code, and lies there as a hash', () => {
  const rowHash = hashSecret(randomText())
  const token = newCodeToken(rowHash)
  expect(token).toMatch(/^[A-Za-z0-9_-]{86}$/)
  expect(locateToken(token)).toEqual({ kind: 'code', tokenHash: hashSecret(token), rowHash })
  expect(newCodeToken(rowHash)).not.toBe(token)
})

test('OP-66 an access token names the family of the refresh token it came with', () => {
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
    newRefreshToken().token,
  ])
    expect(locateToken(text)).toBeUndefined()
})

test('OP-74 a refresh token begins like all of its family, the rest is its own; none of it lies in the clear', () => {
  const { token, familyHash, tokenHash } = newRefreshToken()
  expect(token).toMatch(/^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/)
  expect([familyHash, tokenHash]).toEqual([hashSecret(token.slice(0, 22)), hashSecret(token)])
  expect(locateRefreshToken(token)).toEqual({ familyHash, tokenHash })
  const next = successorOf(token, 'salt')
  expect(locateRefreshToken(next)).toEqual({ familyHash, tokenHash: hashSecret(next) })
  expect(next).not.toBe(token)
  expect(successorOf(token, 'salt')).toBe(next)
  expect(successorOf(token, 'other')).not.toBe(next)
  expect(newRefreshToken().familyHash).not.toBe(familyHash)
})

test('OP-76 what is no refresh token is looked for nowhere', () => {
  const { token } = newRefreshToken()
  const access = newRefreshedToken(hashSecret(randomText()))
  for (const text of [
    '',
    token.slice(1),
    `${token}A`,
    `.${token}`,
    randomText(),
    access,
    'eyJ.a.b',
  ])
    expect(locateRefreshToken(text)).toBeUndefined()
})
